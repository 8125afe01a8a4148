"""How much of a response's variance is each factor's doing, alone or together with others?

Total-effect shares by Jansen's estimator on joint sample paths of the surrogate: every batch has base points of its own
(scrambled Sobol) and hyperparameters of its own, so that an interval over the draws holds what the trials, the
hyperparameters and the integration leave open. Sources: Jansen 1999; Saltelli et al. 2010; Le Gratiet et al. 2014.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import qmc

from gradstudy.analysis.integrals import mean_effects
from gradstudy.analysis.kernel import columns
from gradstudy.analysis.space import INACTIVE, Space
from gradstudy.analysis.surrogate import Posterior, Surrogate

MOST_POINTS = 640
"""A batch's points are sampled jointly, which costs their number cubed."""
PAIR_POINTS = 8192
BATCHES = 32
BINS = 8


def total_shares(surrogate: Surrogate, space: Space, *, draws: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Which total-effect shares could be true? Twice [draw, factor]; as many draws as whole batches make.

    First shares from 0 to 1: a conditional factor's is of the variance where it lives, and may be large where nothing
    happens. Then the same effects on one scale, the variance everywhere, to compare factors by. Integration error is
    reduced by comparing, on the same base points, the posterior mean with its own exact effects (a control variate).
    """
    random = np.random.default_rng(seed)
    base_points = 2 ** int(np.log2(max(MOST_POINTS // (_blocks(space)[1][-1] + 1), 8)))
    typical = surrogate.condition(surrogate.mode)
    target = mean_effects(typical, space)
    found, errors = [], []
    for _ in range(BATCHES):
        points = _swapped(space, *_base(space, base_points, random))
        paths = surrogate.condition(surrogate.draw(random)).paths(points, draws // BATCHES, random)
        found.append(_effects(paths, space))
        errors.append(np.repeat(_effects(typical.mean(points)[None], space) - target, len(paths), axis=0))
    effect, variance = _controlled(np.concatenate(found), np.concatenate(errors)).swapaxes(0, 1)
    variance = np.maximum(variance, np.finfo(float).tiny)
    unconditional = next(column for column in range(len(space.factors)) if column not in space.rules)
    return np.clip(effect / variance, 0.0, 1.0), effect / variance[:, [unconditional]]


def whole_batches(draws: int) -> int:
    """How many draws do whole batches make, when this many are asked for?"""
    return draws // BATCHES * BATCHES


def pair_shares(surrogate: Surrogate, space: Space, *, seed: int) -> pd.DataFrame:
    """Which two factors act together beyond the sum of their own effects? factor_a, factor_b, share, largest first.

    Second-order shares of the surrogate's posterior mean, from its variance between cells (numbers in eight bins);
    for conditional factors in the part of the space where both live.
    """
    base = space.place(_base(space, PAIR_POINTS, np.random.default_rng(seed))[0])
    values = _mean(surrogate.condition(surrogate.mode), _kernel_points(space, base))
    lives = space.mask(base) != INACTIVE
    cells = np.where(space.smooth, np.minimum(base * BINS, BINS - 1), base).astype(int)
    rows = []
    for a, b in combinations(range(base.shape[1]), 2):
        both = lives[:, a] & lives[:, b]
        share = _pair_share(values[both], cells[both, a], cells[both, b])
        rows.append((space.factors[a].name, space.factors[b].name, share))
    table = pd.DataFrame(rows, columns=["factor_a", "factor_b", "share"])
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _base(space: Space, count: int, random: np.random.Generator) -> np.ndarray:
    # Two independent sets of points in the unit cube: [2, point, factor].
    dimension = len(space.factors)
    return qmc.Sobol(2 * dimension, rng=random).random(count).reshape(count, 2, dimension).swapaxes(0, 1)


def _swapped(space: Space, unit: np.ndarray, other_unit: np.ndarray) -> np.ndarray:
    # Kernel points in blocks: the base, then per factor the base with that factor's column swapped; a conditional
    # factor brings its own base, moved to where it lives, before its swapped block.
    base, other = space.place(unit), space.place(other_unit)
    blocks = [base]
    for column in range(len(space.factors)):
        start = space.restrict(base, unit, column) if column in space.rules else base
        swapped = start.copy()
        swapped[:, column] = other[:, column]
        blocks += [start, swapped] if column in space.rules else [swapped]
    return _kernel_points(space, np.concatenate(blocks))


def _effects(values: np.ndarray, space: Space) -> np.ndarray:
    # From values at swapped points, [path, block * point], to total effect and variance: [path, 2, factor].
    starts, stops = _blocks(space)
    values = values.reshape(len(values), stops[-1] + 1, -1)
    effect = ((values[:, starts] - values[:, stops]) ** 2).mean(axis=2) / 2
    everywhere = [0, *(stop for start, stop in zip(starts, stops, strict=True) if start == 0)]
    support = [everywhere if start == 0 else [start, stop] for start, stop in zip(starts, stops, strict=True)]
    variance = np.stack([values[:, blocks].reshape(len(values), -1).var(axis=1) for blocks in support], axis=1)
    return np.stack([effect, variance], axis=1)


def _blocks(space: Space) -> tuple[list[int], list[int]]:
    # Which block of `_swapped` does each factor's comparison start from, and which does it lead to?
    starts, stops = [], []
    for column in range(len(space.factors)):
        following = stops[-1] + 1 if stops else 1
        starts.append(following if column in space.rules else 0)
        stops.append(following + (column in space.rules))
    return starts, stops


def _controlled(found: np.ndarray, error: np.ndarray) -> np.ndarray:
    # What was found, less the part that goes with the integration error of the posterior mean. [draw, ...] each.
    scatter = error - error.mean(axis=0)
    slope = (scatter * found).mean(axis=0) / np.maximum((scatter**2).mean(axis=0), np.finfo(float).tiny)
    return np.maximum(found - slope * error, 0.0)


def _kernel_points(space: Space, points: np.ndarray) -> np.ndarray:
    return columns(space.mask(points), space.conditional_numbers)


def _mean(posterior: Posterior, points: np.ndarray) -> np.ndarray:
    # In chunks: 8192 points against 1000 trials would be 66 MB per temporary.
    return np.concatenate([posterior.mean(chunk) for chunk in np.array_split(points, -(-len(points) // 1024))])


def _pair_share(values: np.ndarray, cells_a: np.ndarray, cells_b: np.ndarray) -> float:
    if not len(values) or values.var() == 0.0:
        return 0.0
    together = _between(values, cells_a * (cells_b.max() + 1) + cells_b)
    return max(0.0, together - _between(values, cells_a) - _between(values, cells_b)) / float(values.var())


def _between(values: np.ndarray, cells: np.ndarray) -> float:
    # Variance of the cell means, less what finite cells add to it (as in one-way analysis of variance).
    _, cell, counts = np.unique(cells, return_inverse=True, return_counts=True)
    means = np.bincount(cell, weights=values) / counts
    within = ((values - means[cell]) ** 2).sum() / max(len(values) - len(counts), 1)
    between = (counts * (means - values.mean()) ** 2).sum()
    return float(between - (len(counts) - 1) * within) / len(values)
