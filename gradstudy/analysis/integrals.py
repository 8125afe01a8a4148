"""The total effects of a surrogate's posterior mean, integrated without sampling.

A product kernel under a product measure turns every integral into a product over columns. Conditional factors break the
product only within their group (they and the factors that decide where they live), which is integrated on a grid.
Source: Oakley & O'Hagan 2004, for a Gaussian process with constant mean.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np

from gradstudy.analysis.kernel import columns, correlation
from gradstudy.analysis.space import Space
from gradstudy.analysis.surrogate import Posterior

MOST_NODES = 2048  # of a group's grid: it costs nodes x trials
NUMBER_NODES = 32  # of one number: the kernel is twice differentiable


@dataclass(frozen=True)
class Group:
    """Factors that live independently of all others, on a grid: one axis per column.

    `weights` [axis, ...] sum to 1; `points` [axis, ..., factor] are masked, and 0 in the columns of other groups;
    `kernel` [axis, ..., trial] is the group's part of the kernel towards the known trials.
    """

    columns: tuple[int, ...]
    weights: np.ndarray
    points: np.ndarray
    kernel: np.ndarray


def mean_effects(posterior: Posterior, space: Space) -> np.ndarray:
    """What are the total effect of each factor and the variance it is a part of? -> [2, factor], for the mean.

    For a conditional factor both are taken where it lives.
    """
    groups = [_grid(posterior, space, group) for group in independent_groups(space)]
    squares = [_squared(group.kernel, group.weights) for group in groups]
    averages = [_averaged(group.kernel, group.weights) for group in groups]
    effects = np.empty((2, len(space.factors)))
    for which, group in enumerate(groups):
        square = _product(squares[:which] + squares[which + 1 :])
        average = _product(averages[:which] + averages[which + 1 :])
        for column in group.columns:
            effects[:, column] = _effect(
                group, column, space, square=square, average=average, weights=posterior.weights
            )
    return np.maximum(effects, 0.0)


def independent_groups(space: Space) -> list[tuple[int, ...]]:
    """Which columns belong together because some decide where others live?"""
    label = np.arange(len(space.factors))
    for column, rule in space.rules.items():
        label[np.isin(label, label[[column, *rule.parents]])] = label[column]
    return [tuple(np.flatnonzero(label == one).tolist()) for one in np.unique(label)]


def _effect(
    group: Group, column: int, space: Space, *, square: np.ndarray, average: np.ndarray, weights: np.ndarray
) -> tuple[float, float]:
    axis, measure = group.columns.index(column), group.weights
    if column in space.rules:
        flat = group.points.reshape(-1, group.points.shape[-1])
        measure = measure * space.rules[column].holds(flat).reshape(measure.shape)
        measure = measure / measure.sum()
    # Where the factor lives does not depend on its own value: its average is taken under the same weights everywhere.
    own = measure.sum(axis=tuple(other for other in range(measure.ndim) if other != axis))
    without = np.tensordot(own, group.kernel, axes=(0, axis))
    within = _squared(group.kernel, measure)
    effect = weights @ (square * (within - _squared(without, measure.sum(axis=axis)))) @ weights
    variance = weights @ (square * within) @ weights - (weights @ (average * _averaged(group.kernel, measure))) ** 2
    return effect, variance


def _grid(posterior: Posterior, space: Space, group: tuple[int, ...]) -> Group:
    levels = np.prod([len(space.codes[column]) for column in group if len(space.codes[column])])
    numbers = sum(not len(space.codes[column]) for column in group)
    count = min(NUMBER_NODES, max(2, int((MOST_NODES / levels) ** (1 / max(numbers, 1)))))
    nodes, weights = zip(*(_nodes(space.codes[column], count) for column in group), strict=True)
    measure = np.prod(np.meshgrid(*weights, indexing="ij"), axis=0)
    points = np.zeros((*measure.shape, len(space.factors)))
    for column, coordinates in zip(group, np.meshgrid(*nodes, indexing="ij"), strict=True):
        points[..., column] = coordinates
    masked = space.mask(points.reshape(-1, len(space.factors)))
    kernel = _kernel(posterior, space, group, masked)
    return Group(group, measure, masked.reshape(points.shape), kernel.reshape(*measure.shape, -1))


def _kernel(posterior: Posterior, space: Space, group: tuple[int, ...], points: np.ndarray) -> np.ndarray:
    conditional = space.conditional_numbers
    lives = [len(space.factors) + index for index, column in enumerate(conditional) if column in group]
    mine = [*group, *lives]
    new = columns(points, conditional)[:, mine]
    return correlation(new, posterior.known[:, mine], posterior.relevance[mine], posterior.smooth[mine])


def _nodes(codes: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    # Every level, or Gauss-Legendre nodes on the unit interval.
    if len(codes):
        return codes, np.full(len(codes), 1.0 / len(codes))
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1.0) / 2, weights / 2


def _product(factors: list[np.ndarray]) -> np.ndarray | float:
    return reduce(np.multiply, factors, 1.0)


def _squared(kernel: np.ndarray, measure: np.ndarray) -> np.ndarray:
    flat = kernel.reshape(-1, kernel.shape[-1])
    return (flat * measure.reshape(-1, 1)).T @ flat


def _averaged(kernel: np.ndarray, measure: np.ndarray) -> np.ndarray:
    return measure.ravel() @ kernel.reshape(-1, kernel.shape[-1])
