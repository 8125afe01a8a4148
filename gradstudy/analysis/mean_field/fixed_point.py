"""Mean-field theory of wide plain networks: what happens to the size of a signal, forward and backward, layer by layer.

`weight` is the weight variance times fan-in, `bias` the mean square of the biases, q the variance of a pre-activation.
Sources: Poole et al. 2016, Schoenholz et al. 2017.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from gradstudy.analysis.mean_field.gaussian import slope_power, value_power
from gradstudy.analysis.mean_field.limits import SMALLEST
from gradstudy.wiring import Curve

STEADY = 1e-12
"""A relative change of q per layer below which its sign is rounding."""
FARTHEST = 1e30
HEAVIEST = 1e12
_ROOT = {"xtol": 1e-300, "rtol": 1e-13}


def variance_map(curve: Curve, weight: float, bias: float, q: float) -> float:
    """Which variance has the next layer's pre-activation? weight E phi(sqrt(q) x)^2 + bias."""
    return float(weight * value_power(curve, q) + bias)


def fixed_point(curve: Curve, weight: float, bias: float) -> float:
    """At which variance do deep layers arrive, from a start of 1? 0 where it collapses and inf where it runs off.

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


def chi1(curve: Curve, weight: float, bias: float) -> float:
    """By which factor does the gradient's power change per layer at q*? weight E phi'(sqrt(q*) x)^2; at 0 a limit."""
    return float(weight * slope_power(curve, np.maximum(fixed_point(curve, weight, bias), SMALLEST)))


def critical_weight(curve: Curve, bias: float) -> float:
    """At which weight variance does chi1 pass 1, so that gradients neither vanish nor explode? inf where at none."""

    def excess(weight: float) -> float:
        return chi1(curve, weight, bias) - 1.0

    start = excess(1.0)
    if abs(start) < STEADY:
        return 1.0
    return _crossing(excess, -np.sign(start), end=HEAVIEST, missing=np.inf if start < 0 else 0.0)


def layer_norm_rate(curve: Curve) -> float:
    """By which factor does the gradient's power change per layer, when a layer norm precedes phi? For any weights."""
    return float(slope_power(curve, 1.0) / value_power(curve, 1.0))


def _crossing(function: Callable[[float], float], direction: float, *, end: float, missing: float) -> float:
    """Where does the function first change its sign, from 1 upwards (direction 1) or downwards (-1)? Not after `end`.

    Values within rounding of 0 say nothing: the root is then sought between the last and the next clear one.
    """
    start = np.sign(function(1.0))
    clear, near = 1.0, 1.0
    while 1.0 / end < near < end:
        near *= 2.0**direction
        value = function(near)
        if value * start < -STEADY:
            return float(brentq(function, *sorted((clear, near)), **_ROOT))
        clear = near if abs(value) > STEADY else clear
    return missing
