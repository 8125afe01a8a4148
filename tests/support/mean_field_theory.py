"""Mean-field theory of wide plain networks: what the size of a signal, and the likeness of two, settle at."""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from gradstudy.analysis.theory.expectations import pair_expectation, slope_power, value_power
from gradstudy.analysis.theory.layerwise import SMALLEST_POWER, BranchLayer, Samples
from gradstudy.random_network import ActivationCurve, RandomFeedforward, RandomMap

STEADY = 1e-12
"""A relative change of q per layer below which its sign is rounding."""
FARTHEST = 1e30
HEAVIEST = 1e12


def variance_map(curve: ActivationCurve, weight: float, bias: float, q: float) -> float:
    """The variance of the next layer's pre-activation: weight E phi(sqrt(q) x)^2 + bias."""
    return float(weight * value_power(curve, q) + bias)


def fixed_point(curve: ActivationCurve, weight: float, bias: float) -> float:
    """The variance at which deep layers arrive from a start of 1: 0 where it collapses and inf where it runs off.

    The first root in the direction in which the start moves: the map is taken for increasing, so that layers pass none.
    A start that stays is its own fixed point (ReLU with weight 2 and no bias has no other).
    """

    def drift(q: float) -> float:
        return variance_map(curve, weight, bias, q) / q - 1.0

    start = drift(1.0)
    if abs(start) < STEADY:
        return 1.0
    direction = np.sign(start)
    return _crossing(drift, direction, end=FARTHEST, missing=np.inf if direction > 0 else 0.0)


def chi1(curve: ActivationCurve, weight: float, bias: float) -> float:
    """The factor by which the gradient's power changes per layer at q*: weight E phi'(sqrt(q*) x)^2; at 0 a limit."""
    return float(weight * slope_power(curve, np.maximum(fixed_point(curve, weight, bias), SMALLEST_POWER)))


def critical_weight(curve: ActivationCurve, bias: float) -> float:
    """The weight variance at which chi1 passes 1: gradients neither vanish nor explode. inf where there is none."""

    def excess(weight: float) -> float:
        return chi1(curve, weight, bias) - 1.0

    start = excess(1.0)
    if abs(start) < STEADY:
        return 1.0
    return _crossing(excess, -np.sign(start), end=HEAVIEST, missing=np.inf if start < 0 else 0.0)


def layer_norm_rate(curve: ActivationCurve) -> float:
    """The factor by which the gradient's power changes per layer, when a layer norm precedes phi, for any weights."""
    return float(slope_power(curve, 1.0) / value_power(curve, 1.0))


@np.errstate(divide="ignore")
def batch_norm_rate(curve: ActivationCurve, batch: float = math.inf) -> float:
    """The factor by which the gradient's power grows per layer, when a batch norm precedes phi, for any weights.

    E phi'^2 / Var phi in a large batch. NoTheory for a batch below 5.
    """
    identity = RandomMap(1.0, 1.0)
    stream = Samples(RandomFeedforward(identity, (), curve, norm="batch", batch=batch))
    layer = BranchLayer(norm=True, activation=True, map=identity)
    settled, _ = stream.through(np.ones(2), layer)
    back = stream.through(settled, layer)[1]
    return float(back(np.array([1.0, -1.0 / (batch - 1.0)]))[0])


def _crossing(function: Callable[[float], float], direction: float, *, end: float, missing: float) -> float:
    """Where the function first changes its sign, from 1 upwards (direction 1) or downwards (-1), not after `end`.

    Values within rounding of 0 say nothing: the root is then sought between the last and the next clear one.
    """
    start = np.sign(function(1.0))
    clear, near = 1.0, 1.0
    while 1.0 / end < near < end:
        near *= 2.0**direction
        value = function(near)
        if value * start < -STEADY:
            return float(brentq(function, min(clear, near), max(clear, near), xtol=1e-300, rtol=1e-13))
        clear = near if abs(value) > STEADY else clear
    return missing


NEARLY_ONE = 1.0 - 1e-6


def correlation_map(curve: ActivationCurve, weight: float, bias: float, q: float, c: float) -> float:
    """The correlation of two samples in the next layer, with variance q and correlation c in this one."""
    together = weight * pair_expectation(curve.value, q, c) + bias
    return float(together / (weight * value_power(curve, q) + bias))


def correlation_fixed_point(curve: ActivationCurve, weight: float, bias: float) -> float:
    """The correlation at which any two samples arrive in deep layers: 1 where they become one: chi1 is at most 1.

    1 also where their variance collapses or runs off.
    """
    q = fixed_point(curve, weight, bias)

    def rise(c: float) -> float:
        return correlation_map(curve, weight, bias, q, c) - c

    if not 0.0 < q < np.inf or chi1(curve, weight, bias) <= 1.0 or rise(NEARLY_ONE) >= 0.0:
        return 1.0
    return float(brentq(rise, 0.0, NEARLY_ONE)) if rise(0.0) > 0.0 else 0.0


@np.errstate(divide="ignore")
def depth_scale(curve: ActivationCurve, weight: float, bias: float) -> tuple[float, float]:
    """The layers over which the gradient, and the correlation of two samples, change by a factor e.

    (1 / |ln chi1|, 1 / |ln chi_c*|) with chi_c* = weight E phi'(a) phi'(b) at q* and c*; inf on the critical line.
    """
    straight = chi1(curve, weight, bias)
    c = correlation_fixed_point(curve, weight, bias)
    q = fixed_point(curve, weight, bias)
    between = straight if c == 1.0 else weight * pair_expectation(curve.slope, q, c)
    return float(1.0 / np.abs(np.log(straight))), float(1.0 / np.abs(np.log(between)))
