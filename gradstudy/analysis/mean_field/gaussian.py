"""Expectations of an activation under Gaussian pre-activations, as wide layers have them.

Powers are mean squares. One that has exploded (inf) is taken as a limit; one of 0 is that of zeros.
"""

import numpy as np

from gradstudy.analysis.mean_field.quadrature import REACH, borders, legendre
from gradstudy.wiring import Curve, Function

LARGEST = 1e290
"""The power at which the limit of inf is taken: its square root can still be squared."""
_EVEN = np.arange(-REACH, REACH + 1.0)


@np.errstate(all="ignore")
def expectation(function: Function, power: np.ndarray | float) -> np.ndarray:
    """What is E f(sqrt(power) x) for x ~ N(0, 1)? For powers of any shape [...] -> [...].

    Exact to about 1e-12 for smooth f, and for one with kinks or steps at round numbers (`quadrature.KINKS`). Costs some
    300 values of f per power.
    """
    scale = np.sqrt(np.clip(power, 0.0, LARGEST))
    x, weight = _normal(np.zeros_like(scale), scale)
    return (function(scale[..., None] * x) * weight).sum(-1)


@np.errstate(all="ignore")
def pair_expectation(function: Function, power: float, correlation: float) -> np.ndarray:
    """What is E f(a) f(b) for Gaussians a and b of mean 0, this power and this correlation? Costs 1e5 values of f.

    Relative errors are below 1e-6, but for steps at correlations within 1e-4 of 1, where they reach 1e-3.
    """
    scale = np.sqrt(np.clip(power, 0.0, LARGEST))
    x, weight = _normal(np.zeros_like(scale), scale)
    mean = scale * correlation * x
    spread = np.broadcast_to(scale * np.sqrt((1.0 - correlation) * (1.0 + correlation)), mean.shape)
    other, other_weight = _normal(mean, spread)
    given = (function(mean[:, None] + spread[:, None] * other) * other_weight).sum(-1)
    return (function(scale * x) * weight * given).sum()


def value_power(curve: Curve, power: np.ndarray | float) -> np.ndarray:
    """What is E phi^2 behind Gaussians of this power?"""
    found = expectation(lambda z: curve.value(z) ** 2, power)
    unbounded = np.isinf(power) & (found > LARGEST**0.5)
    return np.where(unbounded, np.inf, found)


def slope_power(curve: Curve, power: np.ndarray | float) -> np.ndarray:
    """What is E phi'^2 there? At a power of exactly 0 the slope that autograd takes at 0: no unit of a ReLU is on."""
    return expectation(lambda z: curve.slope(z) ** 2, power)


def _normal(shift: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, weight = legendre(borders(shift, scale, _EVEN))
    return x, weight * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
