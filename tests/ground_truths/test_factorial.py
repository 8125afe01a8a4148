"""G53 and G54: the full factorial with an analytic answer. 144 networks, one each, against theory and the row's shares.

y is in decades of power: twice `gain_init`. The shares are those of a balanced analysis of variance with one value per
cell: of the total sum of squares, what belongs to each factor and to each interaction.
"""

from dataclasses import dataclass
from itertools import chain, combinations, product

import numpy as np
import pytest
from support.flows import PROTOCOL, perceptron

import gradstudy
from gradstudy.configs.composition import hydra_ready

DEPTHS = [4, 8, 16, 32]
ACTIVATIONS = ["identity", "relu", "tanh", "sigmoid"]
INITS = ["default", "xavier_normal", "kaiming_normal"]
NORMS = ["none", "layer", "batch"]
FACTORS = ("depth", "activation", "init", "normalization")
CELLS = list(product(DEPTHS, ACTIVATIONS, INITS, NORMS))
SHAPE = (len(DEPTHS), len(ACTIVATIONS), len(INITS), len(NORMS))
SHARES = {
    ("activation",): 0.274,
    ("depth", "activation"): 0.147,
    ("normalization",): 0.123,
    ("activation", "normalization"): 0.105,
    ("depth", "normalization"): 0.081,
    ("depth", "activation", "normalization"): 0.072,
    ("depth",): 0.067,
    ("init", "normalization"): 0.053,
}
TOTALS = {"activation": 0.601, "normalization": 0.469, "depth": 0.416, "init": 0.130}
SLOPES = {
    ("none", "identity"): (-0.4771, 0.0, 0.3010),
    ("none", "relu"): (-0.7783, -0.3012, 0.0),
    ("none", "tanh"): (-0.4853, -0.0527, 0.0318),
    ("none", "sigmoid"): (-1.7002, -1.2572, -1.0005),
    ("layer", "identity"): (0.0, 0.0, 0.0),
    ("layer", "relu"): (-0.0099, -0.0099, -0.0099),
    ("layer", "tanh"): (0.0580, 0.0580, 0.0580),
    ("layer", "sigmoid"): (-0.8330, -0.8330, -0.8330),
    ("batch", "identity"): (0.0, 0.0, 0.0),
    ("batch", "relu"): (0.1512, 0.1512, 0.1512),
    ("batch", "tanh"): (0.0580, 0.0580, 0.0580),
    ("batch", "sigmoid"): (-0.0296, -0.0296, -0.0296),
}
"""Decades of power per layer in 32 layers, for the inits in their order."""


@dataclass(frozen=True)
class Factorial:
    """y of all cells, [depth, activation, init, normalization], as measured and in theory."""

    measured: np.ndarray
    theory: np.ndarray


@pytest.fixture(scope="module")
def factorial():
    with hydra_ready():
        cells = [_cell(*levels) for levels in CELLS]
    measured, theory = np.array(cells).T
    return Factorial(measured.reshape(SHAPE), theory.reshape(SHAPE))


def _cell(depth, activation, init, normalization):
    choices = [f"activation={activation}", f"init={init}", f"normalization={normalization}"]
    measurement = gradstudy.measure([*PROTOCOL, *perceptron(256, depth, batch=128), *choices], seeds=1)
    return 2 * measurement.members["gain_init"][0], 2 * measurement.prediction.gain_init


def shares(y):
    """The share of the variance of y over all cells that each set of factors has, by their names."""
    axes = range(y.ndim)
    effects = {}
    for some in chain.from_iterable(combinations(axes, size) for size in range(y.ndim + 1)):
        mean = y.mean(tuple(axis for axis in axes if axis not in some), keepdims=True)
        effects[some] = mean - sum(effects[fewer] for fewer in effects if set(fewer) < set(some))
    del effects[()]
    return {tuple(FACTORS[axis] for axis in some): (effect**2).mean() / y.var() for some, effect in effects.items()}


def totals(y):
    """The share of the variance that would be left if all but this factor were fixed, by factor."""
    found = shares(y)
    return {factor: sum(share for some, share in found.items() if factor in some) for factor in FACTORS}


def classes(y):
    """-1 where the gradient vanishes, 1 where it explodes, by more than two decades of power."""
    return np.where(abs(y) > 2, np.sign(y), 0)


def finite_width(depth):
    """(bias, standard deviation) of y in networks of 256 units, at most: ln of the power varies by 5/n per layer."""
    variance = 5 * (depth - 1) / 256
    return variance / 2 / np.log(10), np.sqrt(variance) / np.log(10)


def test_theory_explains_the_measured_gains(factorial):
    """The row: R^2 .99991, RMSE .078 decades. A single network strays by what its width allows."""
    error = factorial.measured - factorial.theory
    assert 1 - (error**2).mean() / factorial.measured.var() > 0.9995
    assert np.sqrt((error**2).mean()) < 0.1
    for depth, of_depth in zip(DEPTHS, error, strict=True):
        bias, spread = finite_width(depth)
        assert abs(of_depth).max() < bias + 3 * spread


def test_theory_tells_which_networks_vanish_and_explode(factorial):
    """All but where theory lies nearer to the threshold than the bias of finite width, which is in three cells.

    They are tanh behind batch norm at depth 32: 1.88 in theory, 2.006 (.01) as the mean of ten networks, so that
    which side a single one comes down on is chance.
    """
    assert [int((classes(factorial.theory) == which).sum()) for which in (-1, 0, 1)] == [37, 98, 9]
    biases = np.array([finite_width(depth)[0] for depth in DEPTHS]).reshape(-1, 1, 1, 1)
    clear = abs(abs(factorial.theory) - 2) > biases
    assert clear.sum() == 141
    assert (classes(factorial.measured) == classes(factorial.theory))[clear].all()


@pytest.mark.parametrize("side", ["measured", "theory"])
def test_the_shares_are_those_of_the_row(factorial, side):
    y = getattr(factorial, side)
    found = shares(y)
    assert {some: found[some] for some in SHARES} == pytest.approx(SHARES, abs=0.02)
    assert totals(y) == pytest.approx(TOTALS, abs=0.02)
    assert sum(found.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("side", ["measured", "theory"])
def test_the_slopes_at_depth_32_are_those_of_the_row(factorial, side):
    slopes = getattr(factorial, side)[DEPTHS.index(32)] / 31
    for (norm, activation), expected in SLOPES.items():
        found = slopes[ACTIVATIONS.index(activation), :, NORMS.index(norm)]
        assert found == pytest.approx(expected, abs=0.02), (norm, activation)


def test_shares_of_an_additive_table_have_no_interactions():
    """y = a_i + b_j with variances 1 and 3."""
    y = np.array([-1.0, 1.0])[:, None] + np.sqrt(3) * np.array([-1.0, 1.0])
    found = shares(y[:, :, None, None])
    assert found["depth",] == pytest.approx(0.25)
    assert found["activation",] == pytest.approx(0.75)
    assert sum(found.values()) == pytest.approx(1.0)
