"""Expectations of an activation over what wide layers and batch norms make of their inputs."""

import math

import numpy as np

from gradstudy.random_network import ActivationCurve, Function

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_ROUND = np.union1d(2.0 ** np.arange(-3, 21), np.arange(1.0, 9.0))
KINKS = np.concatenate([-_ROUND[::-1], [0.0], _ROUND])
"""Where phi may have a kink; the powers of two also follow a curve that is steep, or bends slowly, at large scale."""
REACH = 9
"""Where a Gaussian ends: x^2 has 1e-16 of its mean beyond."""
LARGEST_POWER = 1e290
"""The power at which the limit of inf is taken: its square root can still be squared."""
_EVEN = np.arange(-REACH, REACH + 1.0)


def borders(shift: np.ndarray, scale: np.ndarray, even: np.ndarray) -> np.ndarray:
    """Where an integral of f(shift + scale x) over x is cut: at `even` [panel + 1], and at kinks between its ends.

    [..., border] in rising order, for shifts and scales [...]. Panels without width are dropped where all rows have
    them.
    """
    tiny = np.finfo(float).tiny
    kinks = (KINKS - np.asarray(shift)[..., None]) / np.maximum(np.asarray(scale), tiny)[..., None]
    inside = np.clip(kinks, even[0], even[-1])
    every = np.concatenate([inside, np.broadcast_to(even, (*inside.shape[:-1], len(even)))], axis=-1)
    ordered = np.sort(every, axis=-1)
    wide = (np.diff(ordered) > 0).any(axis=tuple(range(ordered.ndim - 1)))
    return ordered[..., np.append(True, wide)]


def legendre(cuts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights [..., node] of the integral between the first and the last cut [..., border]."""
    middle, half = (cuts[..., 1:] + cuts[..., :-1]) / 2, (cuts[..., 1:] - cuts[..., :-1]) / 2
    nodes = middle[..., None] + half[..., None] * _NODES
    weights = half[..., None] * _WEIGHTS
    shape = (*cuts.shape[:-1], nodes.shape[-2] * nodes.shape[-1])  # a -1 says nothing where there are no cuts
    return nodes.reshape(shape), weights.reshape(shape)


@np.errstate(all="ignore")
def expectation(function: Function, power: np.ndarray | float) -> np.ndarray:
    """E f(sqrt(power) x) for x ~ N(0, 1), for powers of any shape [...] -> [...].

    Exact to about 1e-12 for smooth f, and for one with kinks or steps at round numbers (`quadrature.KINKS`). Costs some
    300 values of f per power.
    """
    scale = np.sqrt(np.clip(power, 0.0, LARGEST_POWER))
    x, weight = _normal(np.zeros_like(scale), scale)
    return np.asarray((function(scale[..., None] * x) * weight).sum(-1))


@np.errstate(all="ignore")
def pair_expectation(function: Function, power: float, correlation: float) -> float:
    """E f(a) f(b) for Gaussians a and b of mean 0, this power and this correlation. Costs 1e5 values of f.

    Relative errors are below 1e-6, but for steps at correlations within 1e-4 of 1, where they reach 1e-3.
    """
    scale = np.sqrt(np.clip(power, 0.0, LARGEST_POWER))
    x, weight = _normal(np.zeros_like(scale), scale)
    mean = scale * correlation * x
    spread = np.broadcast_to(scale * np.sqrt((1.0 - correlation) * (1.0 + correlation)), mean.shape)
    other, other_weight = _normal(mean, spread)
    given = (function(mean[:, None] + spread[:, None] * other) * other_weight).sum(-1)
    return float((function(scale * x) * weight * given).sum())


def value_power(curve: ActivationCurve, power: np.ndarray | float) -> np.ndarray:
    """E phi^2 behind Gaussians of this power."""
    found = expectation(lambda z: curve.value(z) ** 2, power)
    unbounded = np.isinf(power) & (found > LARGEST_POWER**0.5)
    return np.where(unbounded, np.inf, found)


def slope_power(curve: ActivationCurve, power: np.ndarray | float) -> np.ndarray:
    """E phi'^2 there; at a power of exactly 0 the slope that autograd takes at 0: no unit of a ReLU is on."""
    return expectation(lambda z: curve.slope(z) ** 2, power)


def _normal(shift: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, weight = legendre(borders(shift, scale, _EVEN))
    return x, weight * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def sphere_expectation(function: Function, batch: float) -> float:
    """E f(y_1), for a batch of at least 4, or inf."""
    if math.isinf(batch):
        return float(expectation(function, 1.0))
    first, weight = _coordinate(np.zeros(()), np.sqrt(batch - 1.0), batch - 1.0)
    return float((function(np.sqrt(batch - 1.0) * first) * weight).sum())


def sphere_pair(function: Function, batch: float) -> float:
    """E f(y_1) f(y_2) for two samples of one batch, whose correlation is -1 / (B - 1). Costs 1e5 values of f.

    With r^2 = B - 1, y_1 = r t and y_2 is -t / r and a part of r, in a direction of the remaining sphere. In a small
    batch y_2 may not reach a kink whatever that direction is: the integral over t is cut where it starts to.
    """
    if math.isinf(batch):
        return float(expectation(function, 1.0)) ** 2
    radius = np.sqrt(batch - 1.0)
    angles = np.arccos(-1.0 / radius**2) + np.outer([-1.0, 1.0], np.arccos(KINKS[np.abs(KINKS) < radius] / radius))
    first, weight = _coordinate(np.zeros(()), radius, batch - 1.0, cuts=np.cos(angles).ravel())
    mean, spread = -first / radius, np.sqrt((radius**2 - 1.0 / radius**2) * (1.0 - first**2))
    second, second_weight = _coordinate(mean, spread, batch - 2.0)
    given = (function(mean[:, None] + spread[:, None] * second) * second_weight).sum(-1)
    return float((function(radius * first) * weight * given).sum())


def _coordinate(
    shift: np.ndarray, scale: np.ndarray, dimension: float, cuts: np.ndarray | tuple[()] = ()
) -> tuple[np.ndarray, np.ndarray]:
    # One coordinate of the unit sphere, for integrals of f(shift + scale t). As an angle it has no singular end.
    width = 1.0 / np.sqrt(dimension)
    last = min(1.0, REACH * width)
    steps = np.arange(-REACH, REACH + 1.0) * width
    even = np.unique(np.clip(np.concatenate([steps, cuts, [-last, last]]), -last, last))
    angle, weight = legendre(np.arcsin(borders(shift, scale, even)))
    density = weight * np.cos(angle) ** (dimension - 2.0)
    return np.sin(angle), density / density.sum(-1, keepdims=True)
