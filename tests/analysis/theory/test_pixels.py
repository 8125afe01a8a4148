"""Convolutions of images: what wraps around, and what leaks at the border."""

from itertools import product

import numpy as np
import pytest

from gradstudy.analysis.theory.prediction import predict
from gradstudy.random_network import PixelWindow, RandomFeedforward, RandomMap, RandomStage


def windowed(curve, depth, window, weight=1.0):
    """Equal convolutions of images of 8 x 8 pixels, with noise sent back from the last one."""
    one = RandomMap(weight, weight, 0.0, window)
    stages = (RandomStage(("activation", one)),) * (depth - 1)
    return RandomFeedforward(one, stages, curve, side=(8, 8), last=())


def test_wrapped_and_delta_orthogonal_convolutions_lose_nothing(curves):
    # G24
    assert predict(windowed(curves["identity"], 50, PixelWindow(3, "circular"))).gain_init == pytest.approx(
        0.0, abs=1e-12
    )
    assert predict(windowed(curves["identity"], 50, None)).gain_init == pytest.approx(0.0, abs=1e-12)
    default = predict(windowed(curves["identity"], 51, PixelWindow(3, "circular"), weight=1 / 3)).gain_init
    assert 2 * default == pytest.approx(50 * np.log10(1 / 3))


def test_zero_padding_leaks_as_the_matrix_of_neighbours_does(curves):
    height, width, depth = 8, 8, 51
    neighbours = np.zeros((height * width, height * width))
    for row, column, down, right in product(range(height), range(width), (-1, 0, 1), (-1, 0, 1)):
        if 0 <= row + down < height and 0 <= column + right < width:
            neighbours[row * width + column, (row + down) * width + column + right] = 1 / 9
    powers = [np.ones(height * width)]
    for _ in range(depth):
        powers.append(neighbours @ powers[-1])
    means = np.mean(powers, axis=1)
    found = predict(windowed(curves["identity"], depth, PixelWindow(3, "zeros")))
    np.testing.assert_allclose(found.activation_rms**2, means[1:], rtol=1e-12)
    np.testing.assert_allclose(100**found.signal, means[:-1][::-1], rtol=1e-12)  # the matrix is its own transpose
    assert 2 * found.gain_init == pytest.approx(-1.99, abs=0.33)  # G24, measured once with a deviation of .32
