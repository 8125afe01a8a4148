"""Mean-field theory of streams, one layer at a time: with batch norm, and without it for samples and pixels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy

from gradstudy.analysis.theory.expectations import (
    pair_expectation,
    slope_power,
    sphere_expectation,
    sphere_pair,
    value_power,
)
from gradstudy.random_network import (
    ActivationCurve,
    BranchStep,
    Norm,
    NoTheory,
    PixelWindow,
    RandomFeedforward,
    RandomMap,
)

SMALLEST_POWER = 1e-300
"""What vanishes without being 0 ends here: its square root can still be squared."""
LINEAR = ActivationCurve(lambda z: z, np.ones_like)
FEWEST_SAMPLES = 5
"""1/sigma^2 of 4 samples has a mean, but one that few units make: its variance is infinite (at 5, by a logarithm)."""
SMALL = 100.0
"""A variance of so many eps is large: the eps then takes at most 1% of the power, .002 decades, per norm."""


def product(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    """a b, where 0 times inf is 0: nothing passes through a factor of 0."""
    return np.where((np.asarray(a) == 0.0) | (np.asarray(b) == 0.0), 0.0, np.multiply(a, b))


def passed(factor: float, power: np.ndarray | float) -> np.ndarray:
    """Their product as the power of a signal, which is 0 only where one of them is: a small one never rounds to 0.

    The difference is felt by a ReLU, which passes half of what is small and nothing of what is 0.
    """
    one = product(factor, power)
    return np.where((np.asarray(factor) == 0.0) | (np.asarray(power) == 0.0), one, np.maximum(one, SMALLEST_POWER))


@dataclass(frozen=True)
class BranchLayer:
    """A map, and what of a norm and then an activation stands before it."""

    norm: bool
    activation: bool
    map: RandomMap


REASONS = {
    ("norm", "norm"): "two norms follow each other",
    ("activation", "activation"): "two activations follow each other, and the second one's inputs are not Gaussian",
    ("activation", "norm"): "a norm stands behind an activation, whose outputs are not Gaussian",
}


def layers(branch: Sequence[BranchStep], norm: Norm) -> list[BranchLayer]:
    """The layers of a branch, in order. NoTheory where pre-activations would not be Gaussian."""
    found: list[BranchLayer] = []
    before: list[Literal["norm", "activation"]] = []
    for step in branch:
        if isinstance(step, RandomMap):
            found.append(BranchLayer("norm" in before, "activation" in before, step))
            before = []
        elif step == "activation" or norm != "none":
            if before and (before[-1], step) in REASONS:
                raise NoTheory(REASONS[before[-1], step])
            before.append(step)
    if before or not found:
        raise NoTheory("a branch ends without a random map, which makes it independent of its skip")
    return found


BORDERS: dict[str, Literal["constant", "wrap"]] = {"zeros": "constant", "circular": "wrap"}


class Pixels:
    """States and gradients are powers, shaped as those of the inputs: [...], and [..., height, width] of images."""

    def __init__(self, wiring: RandomFeedforward):
        self.wiring = wiring

    def start(self) -> np.ndarray:
        """z_1."""
        first, inputs = self.wiring.first, self.wiring.power * np.ones(self.wiring.side or ())
        return passed(first.forward, _seen(inputs, first.window)) + first.bias

    def through(self, state: np.ndarray, layer: BranchLayer) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
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
        return float(state_or_gradient.mean())


def _normed(power: np.ndarray, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """The power behind a norm over features, q / (q + eps), and what of a gradient's power it passes."""
    return 1.0 / (1.0 + product(eps, 1.0 / power)), 1.0 / (power + eps)


def _seen(powers: np.ndarray, window: PixelWindow | None) -> np.ndarray:
    """The mean power in the window around each pixel; zeros beyond the border count."""
    if window is None:
        return powers
    if powers.ndim < 2:
        raise NoTheory("a window needs to know the side of its images")
    taps = np.full((*[1] * (powers.ndim - 2), window.kernel, window.kernel), 1.0 / window.kernel**2)
    return np.asarray(scipy.ndimage.correlate(powers, taps, mode=BORDERS[window.padding]))


@dataclass(frozen=True)
class Moments:
    """What phi and its slope, at one place of a batch, are on average.

    `value`, `value_pair`: E phi^2 and E phi_1 phi_2. `slope`: E phi'^2 (1 - 1/B - y^2/B), which a batch norm passes on
    of independent gradients; `slope_pair`: E phi'_1 phi'_2 (1 + y_1 y_2) (1 - 1/B), which it takes from equal ones.
    """

    value: float
    value_pair: float
    slope: float
    slope_pair: float


class Samples:
    """The stream of a network with batch norms. States are [q, lambda], gradients [d, o]."""

    def __init__(self, wiring: RandomFeedforward):
        self.wiring = wiring
        self.normed = _moments(LINEAR, wiring.batch, dropout=0.0)
        self.active = _moments(wiring.curve, wiring.batch, dropout=wiring.dropout)

    def start(self) -> np.ndarray:
        """z_1."""
        return _mapped(self.wiring.first, self.wiring.power, self.wiring.variance)

    def through(self, state: np.ndarray, layer: BranchLayer) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
        """What a layer makes of this state, and its way back from gradients behind it to gradients before it."""
        if layer.norm:
            if state[1] < SMALL * self.wiring.eps:
                raise NoTheory(
                    f"features enter a batch norm with a variance of {state[1]:.2g}, beside which its eps of "
                    f"{self.wiring.eps:g} counts"
                )
            moments = self.active if layer.activation else self.normed
            backward, batch = layer.map.backward, self.wiring.batch
            after = _mapped(layer.map, moments.value, moments.value - moments.value_pair)
            return after, lambda gradient: _back(moments, state[1], batch, product(backward, gradient))
        if layer.activation:
            return self._activated(state, layer.map)
        return _mapped(layer.map, *state), lambda gradient: product(layer.map.backward, gradient)

    def _activated(self, state: np.ndarray, one: RandomMap) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
        # phi without a norm before it: two samples are Gaussians with this covariance.
        curve, kept, power = self.wiring.curve, 1.0 - self.wiring.dropout, state[0]
        correlation = np.clip(1.0 - state[1] / power, -1.0, 1.0) if 0.0 < power < np.inf else 0.0
        value = value_power(curve, power) / kept
        apart = value - pair_expectation(curve.value, power, correlation)
        slope_pair = pair_expectation(curve.slope, power, correlation)
        slopes = np.array([slope_power(curve, power) / kept, slope_pair])
        return _mapped(one, value, apart), lambda gradient: product(slopes, product(one.backward, gradient))

    def noise(self, state: np.ndarray) -> np.ndarray:
        """A gradient of power 1 that is independent over samples."""
        return np.array([1.0, 0.0])

    def power(self, state_or_gradient: np.ndarray) -> float:
        """The mean square over samples."""
        return float(state_or_gradient[0])


def _mapped(one: RandomMap, power: float | np.ndarray, variance: float | np.ndarray) -> np.ndarray:
    return np.array([passed(one.forward, power) + one.bias, passed(one.forward, np.maximum(variance, 0.0))])


def _back(moments: Moments, variance: float, batch: float, gradient: np.ndarray) -> np.ndarray:
    """The gradient [d, o] before a batch norm of inputs with this variance, from the one behind phi.

    The norm divides by sigma, with E 1/sigma^2 = 1 / (lambda (1 - 3/B)), and projects off (1, ..., 1) and y: what is
    left sums to 0 over the batch.
    """
    passed = product(gradient[0], moments.slope) - product(gradient[1], moments.slope_pair)
    share = 1.0 / batch
    power = product(passed, 1.0 / (np.float64(variance) * (1.0 - 3.0 * share)))
    return np.array([power, -power * share / (1.0 - share)])


def _moments(curve: ActivationCurve, batch: float, dropout: float) -> Moments:
    if batch < FEWEST_SAMPLES:
        raise NoTheory(
            f"a batch norm over {batch} samples divides by deviations that are often next to 0, so that gradients have "
            f"no steady mean square: it takes {FEWEST_SAMPLES}"
        )
    share, kept = 1.0 / batch, 1.0 - dropout
    value, slope = curve.value, curve.slope
    return Moments(
        value=sphere_expectation(lambda y: value(y) ** 2, batch) / kept,
        value_pair=sphere_pair(value, batch),
        slope=sphere_expectation(lambda y: slope(y) ** 2 * (1.0 - share - y**2 * share), batch) / kept,
        slope_pair=(sphere_pair(slope, batch) + sphere_pair(lambda y: slope(y) * y, batch)) * (1.0 - share),
    )
