"""Streams with skip connections, against closed formulas and published numbers."""

import numpy as np
import pytest
from support.published import TANH_STREAM, tanh_stream

from gradstudy.analysis.theory.prediction import predict
from gradstudy.random_network import RandomFeedforward, RandomMap, RandomStage


def blocks(curve, depth, branch, **parts):
    """x_0 of power 1, and `depth` blocks behind it. All of its `depth` + 1 places are flow points."""
    scale = parts.pop("scale", 1.0)
    stages = (RandomStage(branch, 1.0, scale),) * depth
    return RandomFeedforward(RandomMap(1.0, 1.0), stages, curve, **{"last": (), "batch": np.inf, **parts})


def total(wiring):
    """The power of the gradient at the first place, relative to the last."""
    return 100 ** predict(wiring).gain_init


@pytest.mark.parametrize(
    ("name", "branch", "factor"),
    [
        ("relu", ("activation", RandomMap(2.0, 2.0)), 2.0),
        ("relu", (RandomMap(2.0, 2.0), "activation", RandomMap(1.0, 1.0)), 2.0),
        ("relu", (RandomMap(2.0, 2.0), "activation", RandomMap(2.0, 2.0)), 3.0),
        ("identity", (RandomMap(1.0, 1.0),), 2.0),
    ],
)
def test_plain_residual_blocks_multiply_forward_and_backward(curves, name, branch, factor):
    # G31
    wiring = blocks(curves[name], 40, branch)
    assert np.log2(total(wiring)) == pytest.approx(40 * np.log2(factor))
    np.testing.assert_allclose(predict(wiring).activation_rms ** 2, factor ** np.arange(41.0), rtol=1e-9)


@pytest.mark.parametrize(
    ("depth", "scale", "expected"),
    [(10, 10**-0.5, 2.594), (40, 40**-0.5, 2.685), (10, 0.1, 1.105), (40, 1 / 40, 1.025)],
)
def test_scaled_branches_stay_below_e(curves, depth, scale, expected):
    # G32
    found = total(blocks(curves["relu"], depth, ("activation", RandomMap(2.0, 2.0)), scale=scale))
    assert found == pytest.approx((1 + scale**2) ** depth, rel=1e-9)
    assert found == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize(("depth", "layer", "batch"), [(10, 11.0, 17.3), (40, 41.0, 111.9)])
def test_prenorm_streams_grow_linearly_and_their_gradients_as_a_power(curves, depth, layer, batch):
    # G33
    branch = ("norm", "activation", RandomMap(2.0, 2.0))
    normed = {norm: blocks(curves["relu"], depth, branch, norm=norm) for norm in ("layer", "batch")}
    for wiring in normed.values():
        np.testing.assert_allclose(predict(wiring).activation_rms ** 2, 1.0 + np.arange(depth + 1), rtol=1e-9)
    assert total(normed["layer"]) == pytest.approx(layer, rel=1e-9)
    assert total(normed["batch"]) == pytest.approx(np.prod(1 + 1 / (1 + np.arange(depth) * (1 - 1 / np.pi))), rel=1e-9)
    assert total(normed["batch"]) == pytest.approx(batch, abs=0.05)


def test_a_transformers_feedforward_stream_grows_by_half_per_block(curves):
    # G37: x + W_2 relu(W_1 N(x)) under Xavier; hidden power 17 at 32 blocks.
    wiring = blocks(curves["relu"], 32, ("norm", RandomMap(1.0, 1.0), "activation", RandomMap(1.0, 1.0)), norm="layer")
    assert predict(wiring).activation_rms[-1] ** 2 == pytest.approx(17.0)


@pytest.mark.parametrize("depth", [10, 40, 160])
def test_tanh_residual_networks_follow_their_recursion(curves, depth):
    found = total(blocks(curves["tanh"], depth, ("activation", RandomMap(1.0, 1.0))))
    assert found == pytest.approx(tanh_stream(depth)[1], rel=1e-8)


def test_tanh_residual_networks_are_subexponential(curves):
    # G35: in the limit q grows by 1 per block and E tanh'^2 = (4 / 3) / sqrt(2 pi q).
    found = [total(blocks(curves["tanh"], depth, ("activation", RandomMap(1.0, 1.0)))) for depth in (10, 4000, 4840)]
    assert found[0] == pytest.approx(TANH_STREAM[10], abs=0.005)
    slope = np.log(found[2] / found[1]) / (np.sqrt(4840) - np.sqrt(4000))
    assert slope == pytest.approx(8 / 3 / np.sqrt(2 * np.pi), rel=0.02)


@pytest.mark.parametrize("norm", ["none", "layer", "batch"])
def test_a_branch_that_starts_at_zero_is_the_identity(curves, norm):
    # G34
    for branch, scale in (
        (("norm", "activation", RandomMap(0.0, 0.0)), 1.0),
        (("norm", "activation", RandomMap(2.0, 2.0)), 0.0),
    ):
        found = predict(blocks(curves["tanh"], 40, branch, norm=norm, scale=scale))
        np.testing.assert_allclose(found.signal, 0.0, atol=1e-12)
        np.testing.assert_allclose(found.activation_rms, 1.0, rtol=1e-12)
