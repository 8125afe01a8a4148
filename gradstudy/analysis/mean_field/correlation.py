"""Mean-field theory of two samples in a wide plain network: how far does it tell them apart, and over which depth?

Arguments as in `mean_field`. Sources: Poole et al. 2016, Schoenholz et al. 2017.
"""

import numpy as np
from scipy.optimize import brentq

from gradstudy.analysis.mean_field.fixed_point import chi1, fixed_point
from gradstudy.analysis.mean_field.gaussian import pair_expectation, value_power
from gradstudy.wiring import Curve

NEARLY_ONE = 1.0 - 1e-6


def correlation_map(curve: Curve, weight: float, bias: float, q: float, c: float) -> float:
    """Which correlation have two samples in the next layer, with variance q and correlation c in this one?"""
    together = weight * pair_expectation(curve.value, q, c) + bias
    return float(together / (weight * value_power(curve, q) + bias))


def correlation_fixed_point(curve: Curve, weight: float, bias: float) -> float:
    """At which correlation do any two samples arrive in deep layers? 1 where they become one: chi1 is at most 1.

    1 also where their variance collapses or runs off.
    """
    q = fixed_point(curve, weight, bias)

    def rise(c: float) -> float:
        return correlation_map(curve, weight, bias, q, c) - c

    if not 0.0 < q < np.inf or chi1(curve, weight, bias) <= 1.0 or rise(NEARLY_ONE) >= 0.0:
        return 1.0
    return float(brentq(rise, 0.0, NEARLY_ONE)) if rise(0.0) > 0.0 else 0.0


@np.errstate(divide="ignore")
def depth_scale(curve: Curve, weight: float, bias: float) -> tuple[float, float]:
    """Over how many layers do the gradient, and the correlation of two samples, change by a factor e?

    (1 / |ln chi1|, 1 / |ln chi_c*|) with chi_c* = weight E phi'(a) phi'(b) at q* and c*; inf on the critical line.
    """
    straight = chi1(curve, weight, bias)
    c = correlation_fixed_point(curve, weight, bias)
    q = fixed_point(curve, weight, bias)
    between = straight if c == 1.0 else weight * pair_expectation(curve.slope, q, c)
    return float(1.0 / np.abs(np.log(straight))), float(1.0 / np.abs(np.log(between)))
