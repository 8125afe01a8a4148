"""Sobol indices: the shares of a response's variance that are each factor's doing, in total, by itself, and in pairs.

Total effects by Jansen's estimator and the others from variances between cells, on sample paths of the model: every
path has the same points (scrambled Sobol), and hyperparameters are drawn anew for every few of them, so that an
interval over the draws holds what the trials and the hyperparameters leave open. What the points get wrong about the
model's mean is known from many more of them, or exactly, and taken away (a control variate).
Sources: Jansen 1999; Saltelli et al. 2010; Le Gratiet et al. 2014; Oakley & O'Hagan 2004.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import scipy

from gradstudy.analysis.space.coordinates import FactorSpace
from gradstudy.analysis.space.partitions import Partitions
from gradstudy.analysis.surrogate.effects import Variants
from gradstudy.analysis.surrogate.gaussian_process import Posterior
from gradstudy.analysis.surrogate.model import Model, ModelDraw
from gradstudy.cores import cores

HYPERDRAWS = 16
SWAPPED = 256
"""Points of which each column is swapped in turn."""
POINTS = 1024
"""Points that are divided into cells; the first of them are those that are swapped."""
MANY_SWAPPED, MANY_POINTS, CHUNKS = 2048, 8192, 16
BINS, MANY_BINS = 6, 16
LEFT_OUT = 10
"""Parts of the trials that are left out in turn."""
_LEAST = np.finfo(float).tiny


@dataclass(frozen=True)
class Effects:
    """Shares that could be true. Each [draw, factor] but `pairs`, [draw, pair] over `pair_columns`.

    `total` and `first` are of the variance where a factor lives; `everywhere` is the total effect over the variance
    everywhere, to compare factors by: noise alone fills a large share of a support where nothing happens. `parted` are
    totals, first orders and pairs of the model's mean without one of LEFT_OUT parts of the trials: [part, ...].
    """

    total: np.ndarray
    first: np.ndarray
    everywhere: np.ndarray
    pairs: np.ndarray
    pair_columns: list[tuple[int, int]]
    parted: tuple[np.ndarray, ...]


def whole_draws(draws: int) -> int:
    """The number of draws made when this many are asked for: as many for every draw of the hyperparameters."""
    return draws // HYPERDRAWS * HYPERDRAWS


def effect_draws(model: Model, space: FactorSpace, *, draws: int, seed: int) -> Effects:
    """Shares that could be true, given the trials that the model knows."""
    random = np.random.default_rng(seed)
    unit = _unit(space, POINTS, random)
    swaps, cells = Swaps(space, unit, SWAPPED), Partitions(space, space.place(unit[0]), BINS)
    typical = model.typical()

    def shares(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return swaps.effects(values), *cells.shares(values[:, :POINTS])

    with ThreadPoolExecutor(cores()) as threads:  # NumPy and LAPACK leave the interpreter's lock to others
        many = _unit(space, MANY_POINTS, random)
        true = threads.submit(_of_mean, typical, space, cells.pairs, many)
        parting = threads.submit(lambda: shares(typical.means_parted(swaps.points, LEFT_OUT)))
        drawn = (one.drawn(draws // HYPERDRAWS, random) for one in model.draws(HYPERDRAWS, random))
        found = list(threads.map(lambda paths: shares(paths(swaps.points)), drawn))
        parted = parting.result()
        totals_off, first_off, pairs_off = (
            known - exact
            for known, exact in zip((parted[0][:, :1], parted[1][:1], parted[2][:1]), true.result(), strict=True)
        )
    totals, alone, pairs = zip(*found, strict=True)
    total, variance = np.concatenate(totals, axis=1) - totals_off
    variance = np.maximum(variance, _LEAST)
    share = np.clip(total / variance, 0.0, 1.0)
    own, whole = parted[0][:, 1:] - totals_off
    return Effects(
        total=share,
        first=np.clip(np.concatenate(alone) - first_off, 0.0, share),
        everywhere=np.maximum(total, 0.0) / variance[:, [swaps.unconditional]],
        pairs=np.clip(np.concatenate(pairs) - pairs_off, 0.0, 1.0),
        pair_columns=cells.pairs,
        parted=(own / np.maximum(whole, _LEAST), parted[1][1:] - first_off, parted[2][1:] - pairs_off),
    )


class Swaps:
    """Coded `points` in blocks: random ones, then for each factor the first of them with its column swapped.

    A conditional factor brings its own points, moved to where it lives, before its swapped block.
    """

    def __init__(self, space: FactorSpace, unit: np.ndarray, count: int):
        base, other = space.place(unit[0]), space.place(unit[1, :count])
        self._size, self._count, blocks = len(base), count, [base]
        self._starts: list[int] = []
        self._stops: list[int] = []
        for column in range(len(space.factors)):
            start = base[:count]
            self._starts.append(len(blocks) if column in space.rules else 0)
            if column in space.rules:
                start = space.restrict(start, unit[0, :count], column)
                blocks.append(start)
            swapped = start.copy()
            swapped[:, column] = other[:, column]
            self._stops.append(len(blocks))
            blocks.append(swapped)
        self.unconditional = self._starts.index(0)
        self.points = Variants(space.mask(np.concatenate(blocks)), count, len(blocks) - 1)

    def effects(self, values: np.ndarray) -> np.ndarray:
        """Of values at these points, [path, point]: total effect and variance -> [2, path, factor]"""
        pairs = list(zip(self._starts, self._stops, strict=True))
        everywhere = self._variance(values, [0, *(stop for start, stop in pairs if start == 0)])
        total = [
            ((self._block(values, start) - self._block(values, stop)) ** 2).mean(axis=1) / 2 for start, stop in pairs
        ]
        variance = [self._variance(values, [start, stop]) if start else everywhere for start, stop in pairs]
        return np.array([np.stack(total, axis=1), np.stack(variance, axis=1)])

    def _variance(self, values: np.ndarray, blocks: list[int]) -> np.ndarray:
        return np.asarray(np.var(np.concatenate([self._block(values, which) for which in blocks], axis=1), axis=1))

    def _block(self, values: np.ndarray, which: int) -> np.ndarray:
        begin = self._size + (which - 1) * self._count if which else 0
        return values[:, begin : begin + self._count]


def _of_mean(
    typical: ModelDraw, space: FactorSpace, pairs: list[tuple[int, int]], unit: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # Totals and variances, first and second-order shares of the model's mean, from many points; exactly where possible.
    placed = space.place(unit[0])
    first, together = Partitions(space, placed, MANY_BINS, pairs).shares(typical.mean(space.mask(placed))[None])
    if isinstance(typical, Posterior) and not space.rules:
        total, alone, variance = mean_effects(typical)
        share = alone / np.maximum(variance, _LEAST)
        return np.array([total, variance])[:, None], share[None], together
    some = [Swaps(space, unit[:, part], len(part)) for part in np.array_split(np.arange(MANY_SWAPPED), CHUNKS)]
    return np.mean([part.effects(typical.mean(part.points)[None]) for part in some], axis=0), first, together


def _unit(space: FactorSpace, count: int, random: np.random.Generator) -> np.ndarray:
    # Two independent sets of points in the unit cube: [2, point, factor].
    dimension = len(space.factors)
    return scipy.stats.qmc.Sobol(2 * dimension, rng=random).random(count).reshape(count, 2, dimension).swapaxes(0, 1)


def mean_effects(posterior: Posterior) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each factor's total and first-order effect, and the variance they are a part of: three times [factor]."""
    strengths, known = posterior.strengths, posterior.known
    functions = known.functions
    scaled = [f * v * s for f, v, s in zip(functions, strengths.variance, strengths.spectrum, strict=True)]
    total, first = np.zeros((2, len(functions)))
    everything = 0.0
    orders = strengths.scale * np.array([1.0, strengths.pairs, strengths.triples])
    for size, weight in enumerate(orders, start=1):
        for some in combinations(strengths.awake, size):
            variance = weight**2 * _squares([scaled[column] for column in some], posterior.weights)
            total[list(some)] += variance
            everything += variance
            if size == 1:
                first[some[0]] = variance
    return total, first, np.full(len(functions), everything)


def _squares(functions: list[np.ndarray], weights: np.ndarray) -> float:
    # The squared coefficients of all products of one function of each factor, summed over the trials.
    *others, last = functions
    product = weights[:, None]
    for function in others:
        product = (product[:, :, None] * function[:, None, :]).reshape(len(weights), -1)
    return float(((product.T @ last) ** 2).sum())
