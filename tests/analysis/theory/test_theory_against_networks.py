"""A second, obvious implementation: the network itself, wide and drawn many times, with its backward pass by hand."""

from itertools import product

import numpy as np
import pytest

from gradstudy.analysis.theory.prediction import predict
from gradstudy.random_network import PixelWindow, RandomFeedforward, RandomMap, RandomStage

NETWORKS = 16


class Drawn:
    """One network of a wiring. Values and gradients are [feature, sample] or [feature, sample, height, width].

    Widths follow from the wiring: backward / forward is fan_out / fan_in.
    """

    def __init__(self, wiring, samples, seed, width):
        self.wiring, self.random, self.tape = wiring, np.random.default_rng(seed), []
        shape = (width, samples, *(wiring.side or ()))
        means = np.sqrt(wiring.power - wiring.variance) * self.random.normal(size=(width, *[1] * (len(shape) - 1)))
        z = self.map(wiring.first, means + np.sqrt(wiring.variance) * self.random.normal(size=shape))[0]
        places, ways = [z], []
        for stage in wiring.stages:
            z, back = self.stage(stage, z)
            places.append(z)
            ways.append(back)
        enter = self.branch(wiring.last, z)[1] if wiring.last else lambda gradient: gradient
        gradients = [enter(self.random.normal(size=z.shape))]
        for back in ways[::-1]:
            gradients.insert(0, back(gradients[0]))
        self.powers = np.array([(z**2).mean() for z in places[wiring.stem :]])
        self.gradients = np.array([(g**2).mean() for g in gradients[wiring.stem :]])

    def stage(self, stage, z):
        through, back = self.branch(stage.branch, z)
        joined = stage.scale * through + (stage.skip * z if stage.skip else 0)
        return joined, lambda g: back(stage.scale * g) + (stage.skip * g if stage.skip else 0)

    def branch(self, steps, z):
        ways = []
        for step in steps:
            z, back = self.map(step, z) if isinstance(step, RandomMap) else getattr(self, step)(z)
            ways.insert(0, back)

        def whole(gradient):
            for way in ways:
                gradient = way(gradient)
            return gradient

        return z, whole

    def norm(self, z):
        if self.wiring.norm == "none":
            return z, lambda g: g
        axis = {"layer": 0, "batch": 1}[self.wiring.norm]

        def mean(x):
            return x.mean(axis, keepdims=True)

        deviation = np.sqrt(mean((z - mean(z)) ** 2))
        y = (z - mean(z)) / deviation
        return y, lambda g: (g - mean(g) - y * mean(g * y)) / deviation

    def activation(self, z):
        kept = 1.0 - self.wiring.dropout
        mask = (self.random.random(z.shape) < kept) / kept
        return mask * self.wiring.curve.value(z), lambda g: mask * self.wiring.curve.slope(z) * g

    def map(self, one, z):
        outputs, kernel = round(len(z) * one.backward / one.forward), one.window.kernel if one.window else 1
        deviation = np.sqrt(one.forward / (kernel**2 * len(z)))
        weights = deviation * self.random.normal(size=(kernel, kernel, outputs, len(z)))
        bias = np.sqrt(one.bias) * self.random.normal(size=(outputs, *[1] * (z.ndim - 1)))

        def passed(x, *, backward):
            total = 0.0
            for row, column in product(range(kernel), repeat=2):
                matrix = weights[row, column].T if backward else weights[row, column]
                offset = np.array([row, column]) - kernel // 2
                total = total + np.tensordot(matrix, shifted(x, -offset if backward else offset, one.window), 1)
            return total

        return passed(z, backward=False) + bias, lambda g: passed(g, backward=True)


def shifted(x, offset, window):
    """Each pixel's neighbour at this offset: 0 beyond the border, or from the other side."""
    if window is None or not offset.any():
        return x
    moved = np.roll(x, tuple(-offset), axis=(2, 3))
    if window.padding == "zeros":
        for axis, step in enumerate(offset, start=2):
            lost = [slice(None)] * 4
            lost[axis] = slice(-step, None) if step > 0 else slice(0, -step)
            if step:
                moved[tuple(lost)] = 0.0
    return moved


TANH_STAGE = RandomStage(("activation", RandomMap(1.5, 1.5, 0.05)))
TWO_MAPS = ("norm", "activation", RandomMap(1.5, 1.5, 0.2), "norm", "activation", RandomMap(1.0, 1.0, 0.1))
FEEDFORWARD = ("norm", RandomMap(1.0, 2.0, 0.3), "activation", RandomMap(2.0, 1.0))
SCALED = RandomStage(("norm", "activation", RandomMap(1.5, 1.5, 0.2)), skip=0.8, scale=1.2)


def unequal(norm="none"):
    """Widths in shares of the inputs' 1: 1/2, 3/4, 1/2 and 1."""
    maps = RandomMap(2.0, 3.0, 0.1), RandomMap(1.5, 1.0, 0.1), RandomMap(1.0, 2.0)
    return {
        "first": RandomMap(1.0, 0.5),
        "stages": tuple(RandomStage(("norm", "activation", one)) for one in maps),
        "norm": norm,
    }


PLAIN = {
    "tanh": ("tanh", {"first": RandomMap(1.0, 1.0, 0.05), "stages": (TANH_STAGE,) * 5, "power": 2.0}),
    "relu with dropout": ("relu", {"first": RandomMap(2.0, 2.0), "stages": (SCALED,) * 4, "dropout": 0.3}),
    "unequal widths": ("gelu", unequal()),
    "unequal widths, layer norm": ("gelu", unequal("layer")),
    "layer norm, skip and dropout": ("gelu", {"stages": (SCALED,) * 4, "norm": "layer", "dropout": 0.2}),
    "layer norm, two maps": ("sigmoid", {"stages": (RandomStage(TWO_MAPS, 1.0, 0.6),) * 4, "norm": "layer"}),
    "layer norm, no first activation": ("relu", {"stages": (RandomStage(FEEDFORWARD, 1.0, 0.6),) * 4, "norm": "layer"}),
}

BATCH = {
    "tanh": ("tanh", 8, {"stages": (RandomStage(("norm", "activation", RandomMap(1.5, 1.5, 0.1))),) * 4}),
    "tanh, noise at the last place": ("tanh", 8, {"stages": (RandomStage(TWO_MAPS),) * 2, "last": ()}),
    "kinks, noise behind phi": ("hard_tanh", 8, {"stages": (RandomStage(TWO_MAPS),) * 2, "last": ("activation",)}),
    "skip": ("relu", 16, {"stages": (SCALED,) * 4}),
    "skip, noise at the last place": ("sigmoid", 8, {"stages": (SCALED,) * 4, "last": ()}),
    "dropout": (
        "relu",
        16,
        {"stages": (RandomStage(("norm", "activation", RandomMap(1.5, 1.5))),) * 4, "dropout": 0.4},
    ),
    "unequal widths": ("sigmoid", 16, unequal()),
    "two maps and a skip": ("hard_tanh", 16, {"stages": (RandomStage(TWO_MAPS, 1.0, 0.8),) * 4}),
    "no first activation": ("sigmoid", 8, {"stages": (RandomStage(FEEDFORWARD, 1.0, 0.7),) * 4, "dropout": 0.2}),
    "no first activation, no skip": ("relu", 8, {"stages": (RandomStage(FEEDFORWARD),) * 4}),
    "a map without norm": ("relu", 8, {"stages": (TANH_STAGE, SCALED, TANH_STAGE), "last": ("activation",)}),
}


def assert_networks_agree(wiring, samples, width=384):
    """Powers are as predicted within three standard errors over draws, which are a few per cent, and what width adds.

    Widths of 128 to 1536 show that a stage adds up to 0.2 samples / width to the power of infinite width.
    """
    drawn, prediction = [Drawn(wiring, samples, seed, width) for seed in range(NETWORKS)], predict(wiring)
    gradients, powers = (np.array([getattr(one, name) for one in drawn]) for name in ("gradients", "powers"))
    ideals = 100**prediction.signal * gradients[:, -1:], np.tile(prediction.activation_rms**2, (NETWORKS, 1))
    for found, ideal in zip((gradients, powers), ideals, strict=True):
        error = (found - ideal).std(0, ddof=1) / np.sqrt(NETWORKS) / ideal.mean(0)
        assert error.max() < 0.05
        off = np.abs(found.mean(0) / ideal.mean(0) - 1.0)
        np.testing.assert_array_less(off, 3 * error + 0.2 * samples / width * len(off))


@pytest.mark.parametrize(("name", "parts"), PLAIN.values(), ids=PLAIN)
def test_plain_streams_and_layer_norm(curves, name, parts):
    assert_networks_agree(
        RandomFeedforward(**{"first": RandomMap(1.0, 1.0, 0.1), "curve": curves[name], **parts}), samples=16
    )


@pytest.mark.parametrize(("name", "batch", "parts"), BATCH.values(), ids=BATCH)
def test_small_batches_of_batch_norm(curves, name, batch, parts):
    inputs = {"first": RandomMap(1.0, 1.0, 0.1), "norm": "batch", "batch": batch, "power": 1.5, "variance": 0.6}
    wiring = RandomFeedforward(**{**inputs, "curve": curves[name], **parts, "norm": "batch"})
    assert_networks_agree(wiring, samples=batch)


@pytest.mark.parametrize("padding", ["zeros", "circular"])
@pytest.mark.parametrize(("name", "kernel"), [("relu", 3), ("hard_tanh", 5)])
def test_convolutions_of_small_images(curves, name, kernel, padding):
    one = RandomMap(2.0, 2.0, 0.1, PixelWindow(kernel, padding))
    plain, joined = RandomStage(("activation", one)), RandomStage(("activation", one), 0.7, 1.1)
    two = RandomStage(
        ("activation", RandomMap(1.0, 2.0, 0.0, one.window), "activation", RandomMap(1.5, 0.75, 0.05)), 1.0, 0.5
    )
    stages = (plain, joined, two, plain)
    wiring = RandomFeedforward(one, stages, curves[name], dropout=0.2, power=2.0, variance=2.0, side=(5, 6), stem=True)
    assert_networks_agree(wiring, samples=4, width=96)
