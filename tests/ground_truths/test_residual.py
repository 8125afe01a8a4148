"""Residual connections at initialisation (G31 to G35): which make the gradient explode, and which keep it.

A perceptron of depth L + 1 has L blocks z + W phi(N(z)). Totals are of power, over all blocks, both ways.
"""

import numpy as np
import pytest
from support.flows import (
    EXACT_NORM,
    decades,
    factor,
    forward_factor,
    initial,
    log_ratio,
    measured,
    variance,
)
from support.published import BEHIND_BATCH_NORM, TANH_STREAM, tanh_stream

SIZE = ["model.width=128", "task.features=128", "task.outputs=128"]
SKIP = "residual=additive"
RELU, TANH, LINEAR = "activation=relu", "activation=tanh", "activation=identity"
UNIT_STREAM = f"task.scale={0.5**0.5}"  # with He's first map the stream starts with a power of 1


def perceptron(blocks, *overrides):
    """A residual perceptron of so many blocks."""
    return ["model=mlp", f"model.depth={blocks + 1}", *SIZE, SKIP, *overrides]


def two_maps(blocks, *overrides):
    """Blocks x + W_2 phi(W_1 x)."""
    return [
        "model=resnet",
        "model.kind=dense",
        "model.block=feedforward",
        f"model.depth={blocks + 1}",
        *SIZE,
        *overrides,
    ]


def backward(measurement):
    """The power of the gradient behind the first block over that behind the last one."""
    return 10 ** decades(measurement)


def forward(measurement):
    """The power of the stream at its end over that at its start."""
    return float(np.exp(-log_ratio(initial(measurement, "activation_rms")).mean()))


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (perceptron(40, RELU, *variance(2)), 2),  # 1 + s2 / 2
        (perceptron(40, LINEAR, *variance(1)), 2),  # 1 + s2
        (two_maps(40, RELU, *variance(2**0.5)), 2),  # 1 + s2 s2 / 2
        (two_maps(40, RELU, *variance(2)), 3),
    ],
    ids=["one map", "linear", "two maps", "two maps of He"],
)
def test_plain_residual_blocks_multiply_the_power_of_signal_and_gradient(network, expected):
    measurement = measured(*network)
    assert factor(measurement, first=0, last=0) == pytest.approx(expected, rel=0.03)
    assert forward_factor(measurement, first=0, last=0) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("blocks", [10, 40])
@pytest.mark.parametrize(("option", "power"), [("inverse_sqrt_depth", 1), ("inverse_depth", 2)])
def test_branches_divided_by_depth_keep_the_gradient_below_e_at_any_depth(blocks, option, power):
    """(1 + 1/L)^L < e and (1 + 1/L^2)^L -> 1 (Hanin & Rolnick 2018: weight the residual modules)."""
    measurement = measured(*perceptron(blocks, RELU, *variance(2), f"residual={option}"))
    assert backward(measurement) == pytest.approx((1 + blocks**-power) ** blocks, rel=0.06)


@pytest.mark.parametrize("blocks", [10, 40])
def test_behind_a_layer_norm_signal_and_gradient_grow_linearly(blocks):
    """Every branch adds a power of 1 to a stream of 1 + l, which its norm divides by (De & Smith 2020)."""
    measurement = measured(*normalised(blocks, "layer"))
    assert forward(measurement) == pytest.approx(1 + blocks, rel=0.12)
    assert backward(measurement) == pytest.approx(1 + blocks, rel=0.12)


@pytest.mark.parametrize("blocks", [10, 40])
def test_behind_a_batch_norm_the_gradient_grows_as_a_polynomial(blocks):
    """A batch norm takes the mean of a ReLU's output away, 1/pi of its power: v_l = 1 + l (1 - 1/pi)."""
    variances = 1 + np.arange(blocks) * (1 - 1 / np.pi)
    measurement = measured(*normalised(blocks, "batch"))
    assert forward(measurement) == pytest.approx(1 + blocks, rel=0.12)
    assert backward(measurement) == pytest.approx(np.prod(1 + 1 / variances), rel=0.12)


def test_behind_a_batch_norm_without_a_skip_the_gradient_explodes():
    """4.5e6 in 40 layers, where skips leave 112."""
    without = measured(*normalised(40, "batch"), "residual=none")
    assert factor(without) == pytest.approx(BEHIND_BATCH_NORM["relu"][0], rel=0.03)
    assert backward(without) > 1e6


def normalised(blocks, norm):
    return perceptron(
        blocks, RELU, *variance(2), UNIT_STREAM, f"normalization={norm}", EXACT_NORM, "task.batch_size=128"
    )


@pytest.mark.parametrize("residual", ["zero_init", "fixup", "rezero"])
@pytest.mark.parametrize("network", [perceptron, two_maps])
def test_a_branch_that_starts_at_zero_is_the_identity_both_ways_at_any_depth(network, residual):
    """SkipInit, Fixup and ReZero: where plain blocks gain 2^40, the total is exactly 1."""
    measurement = measured(*network(40, RELU, *variance(2), f"residual={residual}"), seeds=2)
    for quantity in ("signal", "activation_rms"):
        by_place = initial(measurement, quantity)
        assert (by_place == by_place[-1]).all()
        assert (by_place > 0).all()


def test_fixup_multiplies_the_first_of_two_maps_by_one_over_the_root_of_the_depth():
    """L^(-1 / (2m - 2)) at m = 2 maps in a branch; the same seed draws the same numbers (Zhang, Dauphin & Ma 2019)."""
    network, depth = two_maps(15, RELU, *variance(2)), 16
    plain, fixed = (
        measured(*network, f"residual={residual}", seeds=1, weights=True).records[0].weights
        for residual in ("additive", "fixup")
    )
    for layer in range(1, depth + 1):
        name = f"layer_{layer:02d}.first.weight"
        np.testing.assert_allclose(fixed[name], plain[name] * depth**-0.5, rtol=1e-14)
        assert not fixed[f"layer_{layer:02d}.second.weight"].any()


@pytest.mark.parametrize("blocks", TANH_STREAM)
def test_a_tanh_residual_network_explodes_slower_than_any_exponential(blocks):
    measurement = measured(*perceptron(blocks, TANH, *variance(1)), seeds=40)
    power, gradient = tanh_stream(blocks)
    assert gradient == pytest.approx(TANH_STREAM[blocks], rel=1e-3)
    assert backward(measurement) == pytest.approx(gradient, rel=0.12)
    assert forward(measurement) == pytest.approx(power, rel=0.12)
