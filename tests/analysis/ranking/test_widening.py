"""Intervals that what speaks against the model widens: by algebra."""

import numpy as np
import pytest

from gradstudy.analysis.ranking.widening import interval_ends, widened


def random():
    return np.random.default_rng(0)


def test_shares_that_no_part_of_the_trials_moves_stay():
    draws = random().random((64, 3))
    assert widened(draws, np.tile([0.2, 0.0, 1.0], (10, 1)), random()) == pytest.approx(draws)


def test_the_scatter_of_the_parts_is_added_to_that_of_the_draws():
    """Of ten parts five say an angle .05 below and five .05 above: a jackknife error of sqrt(9) x .05 = .15."""
    angle = 0.8
    parted = np.sin(angle + np.repeat([-0.05, 0.05], 5)[:, None]) ** 2
    draws = np.sin(angle + 0.2 * random().standard_normal((20_000, 1))) ** 2
    found = np.arcsin(np.sqrt(widened(draws, parted, np.random.default_rng(1))))
    assert found.mean() == pytest.approx(angle, abs=0.01)
    assert found.std() == pytest.approx(np.hypot(0.2, 0.15), rel=0.03)


def test_widened_shares_are_shares():
    draws = np.tile([0.0, 1.0], (500, 1))
    found = widened(draws, np.tile([0.0, 1.0], (10, 1)) + [[0.5, -0.5]] * (np.arange(10)[:, None] == 3), random())
    assert found.min() >= 0.0
    assert found.max() <= 1.0


def test_ends_reach_from_a_factor_that_has_nothing_of_the_rest_to_one_that_has_it_all():
    draws = np.linspace(0.2, 0.6, 401)[:, None]  # from .21 to .59 with a confidence of .95
    low, high = interval_ends(draws, np.array([0.1]), 0.95)
    assert low == pytest.approx(0.9 * 0.21)
    assert high == pytest.approx(0.9 * 0.59 + 0.1)
    assert np.ravel(interval_ends(draws, 0.0, 0.95)) == pytest.approx([0.21, 0.59])
