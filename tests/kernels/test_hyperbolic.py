"""Functions made of exp in machine code against wider numbers."""

import numpy as np
import pytest
import torch

from gradstudy.kernels.compiled import runs_compiled
from gradstudy.kernels.rules import SIGMOID, TANH, activate

pytestmark = pytest.mark.skipif(not runs_compiled(torch.zeros(1)), reason="Numba is not installed")


def value(rule, x):
    y = np.array(x, np.float32)
    activate(rule, np.float32(1), y)
    return y


def test_tanh_is_within_four_units_in_the_last_place_over_the_whole_range_and_odd():
    x = np.concatenate([np.logspace(-37, 38, 200_001), np.linspace(0, 12, 100_001)]).astype(np.float32)
    truth = np.tanh(x.astype(np.float64))
    assert (np.abs(value(TANH, x) - truth) <= 4 * np.spacing(truth.astype(np.float32))).all()
    assert (np.abs(value(TANH, -x) + truth) <= 4 * np.spacing(truth.astype(np.float32))).all()


def test_sigmoid_keeps_its_digits_where_it_is_nearly_0():
    x = np.linspace(-80, 40, 100_001).astype(np.float32)
    truth = 1 / (1 + np.exp(-x.astype(np.float64)))
    rounded = np.abs(x) * np.finfo(np.float32).eps  # of x itself: what is left of its last bit is relative here
    np.testing.assert_array_less(np.abs(value(SIGMOID, x) - truth) / truth, 4 * np.finfo(np.float32).eps + rounded)


def test_the_ends_are_exact_and_what_is_not_a_number_stays_so():
    x = np.array([np.inf, -np.inf, np.nan, 0.0], np.float32)
    np.testing.assert_array_equal(value(TANH, x), [1, -1, np.nan, 0])
    np.testing.assert_allclose(value(SIGMOID, x), [1, 0, np.nan, 0.5], atol=1e-37)
    for rule, ends in ((TANH, [1, -1, np.nan, 0]), (SIGMOID, [1, 0, np.nan, 0.5])):
        y = x.astype(np.float64)
        activate(rule, 1.0, y)
        np.testing.assert_array_equal(y, ends)


def test_in_float64_they_are_within_four_units_in_the_last_place():
    """NumPy's long double is the truth, where it is wider: with x87 numbers."""
    x = np.concatenate([np.logspace(-300, 300, 100_001), np.linspace(0, 25, 100_001)])
    y, truth = np.concatenate([x, -x]), np.tanh(x.astype(np.longdouble)).astype(np.float64)
    activate(TANH, 1.0, y)
    for found in (y[: len(x)], -y[len(x) :]):
        assert (np.abs(found - truth) <= 4 * np.spacing(truth)).all()
    x = np.linspace(-700, 40, 100_001)
    y, truth = x.copy(), (1 / (1 + np.exp(-x.astype(np.longdouble)))).astype(np.float64)
    activate(SIGMOID, 1.0, y)
    np.testing.assert_array_less(np.abs(y - truth) / truth, (4 + np.abs(x)) * np.finfo(float).eps)  # as above


@pytest.mark.parametrize("rule", [TANH, SIGMOID])
def test_an_entry_is_the_same_in_every_place(rule):
    x = np.random.default_rng(0).normal(scale=2, size=97).astype(np.float32)
    whole = value(rule, x)
    for start in range(9):
        for count in (1, 3, 8, 33):
            assert np.array_equal(value(rule, x[start : start + count]), whole[start : start + count])
