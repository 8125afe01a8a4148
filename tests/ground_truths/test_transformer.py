"""Where a transformer is normalised (G37, G38): what depth does to its stream, its flow and its last gradient.

Xiong et al. 2020, On layer normalization in the transformer architecture.
"""

from functools import cache

import numpy as np
import pytest
from support.flows import EXACT_NORM, decades, initial, measured

XAVIER = ["init=xavier_normal", "activation=relu", EXACT_NORM]
DEPTHS = (2, 8, 32)


def stack(order, depth, width):
    size = [f"model.width={width}", f"task.features={width}", f"task.outputs={width}", "model.positions=none"]
    return ["model=transformer", f"model.order={order}", f"model.depth={depth}", "model.feedforward=1", *size, *XAVIER]


@cache
def feedforward(order, depth):
    """Feed-forward sublayers only: each adds the power 1/2 to what it reads."""
    task = ["task.length=1", "task.batch_size=64", "model.attention=false"]
    return measured(*stack(order, depth, 128), *task, seeds=4)


@cache
def encoder(order, depth):
    """Attention with four heads over 16 tokens, and feed-forward sublayers."""
    return measured(*stack(order, depth, 128), "task.length=16", "task.batch_size=4", "model.heads=4", seeds=2)


def last_gradient(measurement, depth):
    """RMS of the gradient of the last feed-forward matrix."""
    places = measurement.records[0].series["gradient"].places
    row = initial(measurement, "gradient")[places.index(f"layer_{depth:02d}.linear2.weight")]
    return np.exp(np.log(row).mean())


def hidden_power(measurement):
    """The power of the stream behind the last block."""
    return float(np.exp(2 * np.log(initial(measurement, "activation_rms")[-1]).mean()))


def slope(kind, order, depths):
    """d ln(last gradient) / d ln(depth)."""
    found = [last_gradient(kind(order, depth), depth) for depth in depths]
    return np.polyfit(np.log(depths), np.log(found), 1)[0]


def test_in_pre_order_the_stream_grows_by_a_half_per_block_and_the_last_gradient_falls_with_its_root():
    found = np.array([last_gradient(feedforward("pre", depth), depth) for depth in DEPTHS])
    powers = [hidden_power(feedforward("pre", depth)) for depth in DEPTHS]
    theory = 1 + np.array(DEPTHS) / 2
    np.testing.assert_allclose(powers, theory, rtol=0.08)
    np.testing.assert_allclose(found / found[0], (theory / theory[0]) ** -0.5, rtol=0.08)


@pytest.mark.parametrize(
    ("kind", "depths"), [(feedforward, DEPTHS), pytest.param(encoder, (8, 32), marks=pytest.mark.slow)]
)
def test_the_last_gradient_falls_with_depth_in_pre_order_and_not_in_post_order(kind, depths):
    assert -0.6 < slope(kind, "pre", depths) < -0.3
    assert abs(slope(kind, "post", depths)) < 0.2


@pytest.mark.parametrize("depth", [8, 32])
def test_the_stream_of_a_whole_encoder_in_pre_order_stays_within_the_bounds_of_the_paper(depth):
    assert 1 + depth / 2 < hidden_power(encoder("pre", depth)) < 1 + 3 * depth / 2


@pytest.mark.parametrize("kind", [feedforward, encoder])
def test_in_post_order_the_gradient_does_not_vanish_as_folklore_has_it(kind):
    """Folklore counts the skip alone: (2/3)^31 = 3e-6 in power. The branch brings 1/2 back: (1 + 1/2) / (3/2) = 1."""
    lost = decades(kind("post", 32))
    assert 10 ** (lost / 31) == pytest.approx(1, rel=0.05)
    assert abs(lost) < 0.5 < abs(31 * np.log10(2 / 3))
