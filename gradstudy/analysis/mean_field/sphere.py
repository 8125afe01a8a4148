"""Expectations over what a batch norm makes of Gaussians: one unit's values y_1 ... y_B in a batch of B samples.

They have mean 0 and mean square 1, and no direction is preferred: y is uniform on the sphere of radius sqrt(B) in the
B - 1 dimensions orthogonal to (1, ..., 1). In a large batch they are independent N(0, 1). Source: Yang et al. 2019.
"""

import math

import numpy as np

from gradstudy.analysis.mean_field.gaussian import expectation
from gradstudy.analysis.mean_field.quadrature import KINKS, REACH, borders, legendre
from gradstudy.wiring import Function


def sphere_expectation(function: Function, batch: float) -> float:
    """What is E f(y_1)? For a batch of at least 4, or inf."""
    if math.isinf(batch):
        return float(expectation(function, 1.0))
    first, weight = _coordinate(np.zeros(()), np.sqrt(batch - 1.0), batch - 1.0)
    return float((function(np.sqrt(batch - 1.0) * first) * weight).sum())


def sphere_pair(function: Function, batch: float) -> float:
    """What is E f(y_1) f(y_2) for two samples of one batch, whose correlation is -1 / (B - 1)? Costs 1e5 values of f.

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
