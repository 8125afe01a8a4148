"""Mean-field theory of streams without batch norm: a power for every typical sample, and of images for every pixel.

Source: Xiao et al. 2018 for convolutions, here at finite depth and with borders.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import correlate

from gradstudy.analysis.mean_field.branch import Layer
from gradstudy.analysis.mean_field.gaussian import slope_power, value_power
from gradstudy.analysis.mean_field.limits import passed, product
from gradstudy.wiring import Feedforward, NoTheory, Window

BORDERS = {"zeros": "constant", "circular": "wrap"}


class Pixels:
    """States and gradients are powers, shaped as those of the inputs: [...], and [..., height, width] of images."""

    def __init__(self, wiring: Feedforward):
        self.wiring = wiring

    def start(self) -> np.ndarray:
        """z_1."""
        first, inputs = self.wiring.first, self.wiring.power * np.ones(self.wiring.side or ())
        return passed(first.forward, _seen(inputs, first.window)) + first.bias

    def through(self, state: np.ndarray, layer: Layer) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
        """What a layer makes of this state, and its way back from gradients behind it to gradients before it."""
        one, kept = layer.map, 1.0 - self.wiring.dropout
        value, slope = _normed(state, self.wiring.eps) if layer.norm else (state, np.ones_like(state))
        if layer.activation:
            slope = product(slope, slope_power(self.wiring.curve, value) / kept)
            value = value_power(self.wiring.curve, value) / kept

        def back(gradient: np.ndarray) -> np.ndarray:
            # A window with a centre is its own adjoint.
            return product(slope, product(one.backward, _seen(gradient, one.window)))

        return passed(one.forward, _seen(value, one.window)) + one.bias, back

    def noise(self, state: np.ndarray) -> np.ndarray:
        """A gradient of power 1 in every sample and at every pixel."""
        return np.ones_like(state)

    def power(self, state_or_gradient: np.ndarray) -> float:
        """The mean square over samples and pixels."""
        return state_or_gradient.mean()


def _normed(power: np.ndarray, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """The power behind a norm over features, q / (q + eps), and what of a gradient's power it passes."""
    return 1.0 / (1.0 + product(eps, 1.0 / power)), 1.0 / (power + eps)


def _seen(powers: np.ndarray, window: Window | None) -> np.ndarray:
    """The mean power in the window around each pixel; zeros beyond the border count."""
    if window is None:
        return powers
    if powers.ndim < 2:
        raise NoTheory("a window needs to know the side of its images")
    taps = np.full((*[1] * (powers.ndim - 2), window.kernel, window.kernel), 1.0 / window.kernel**2)
    return correlate(powers, taps, mode=BORDERS[window.padding])
