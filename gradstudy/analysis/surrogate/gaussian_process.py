"""A Gaussian process over the trials of a study, with its hyperparameters' uncertainty, and sample paths from it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import prod

import numpy as np
import scipy

from gradstudy.analysis.surrogate.effects import (
    ASLEEP,
    Basis,
    Covariances,
    Functions,
    Strengths,
    Variants,
    lower_covariance,
)
from gradstudy.analysis.surrogate.hyperparameters import JITTER, Known, Mode, as_much_by_chance, find_modes, gains

PRODUCTS = 384
"""Random products of functions that stand for all effects of two and of three factors."""
FITTED = 320
"""Hyperparameters are fitted on at most this many trials, drawn at random: one evaluation costs n^3."""
CONDITIONED = 1000
"""Predictions are conditioned on at most this many trials, drawn at random: a factorisation of n^3 per draw."""
FEATURED = 256
"""Points whose features are made at a time: they stay in the processor's cache, which takes half the time."""
DEALT_AMONG = 200
"""Levels are dealt anew among at most this many trials, drawn at random, 40 times for a factor."""
Paths = Callable[[np.ndarray | Variants], np.ndarray]
"""Joint values at coded points [point, factor] -> [path, point]."""


def prior_features(
    basis: Basis, strengths: Strengths, random: np.random.Generator
) -> tuple[int, Callable[[Functions], np.ndarray]]:
    """The number of features, and their values [point, feature], whose products are the covariance on average."""
    awake = strengths.awake
    sets = [some for size in (2, 3) for some in combinations(awake, size)]
    order = {2: strengths.pairs, 3: strengths.triples}
    weights = np.array([float(order[len(some)] * prod(strengths.variance[one] for one in some)) for some in sets])
    chosen = random.choice(len(sets), size=PRODUCTS, p=weights / weights.sum()) if sets else np.arange(0)
    height = np.sqrt(strengths.scale * weights.sum() / PRODUCTS)
    members = {column: np.flatnonzero([column in sets[one] for one in chosen]) for column in awake}
    mixed = {
        column: np.sqrt(strengths.spectrum[column])[:, None]
        * random.standard_normal((len(strengths.spectrum[column]), len(inside)))
        for column, inside in members.items()
    }

    def features(functions: Functions) -> np.ndarray:
        spread = strengths.scale * strengths.variance
        own = [functions[column] * np.sqrt(spread[column] * strengths.spectrum[column]) for column in awake]
        together = np.full((len(chosen), len(functions[0])), height)
        for column, inside in members.items():
            together[inside] *= mixed[column].T @ functions[column].T
        return np.hstack([*own, together.T])

    return sum(len(strengths.spectrum[column]) for column in awake) + len(chosen), features


@dataclass(frozen=True)
class Surrogate:
    """What is known of a response over the space: its standardised values at some trials, and the modes they support.

    `gains` [factor] is by how much each factor's effects make the trials more probable (see `hyperparameters`). A value
    in the response's unit is `centre` + `unit` times a standardised one.
    """

    known: Known
    modes: tuple[Mode, ...]
    gains: np.ndarray
    centre: float = 0.0
    unit: float = 1.0

    @property
    def mode(self) -> np.ndarray:
        """The most probable hyperparameters."""
        return self.modes[0].at

    @property
    def missed(self) -> np.ndarray:
        """How badly each known trial is predicted by the others; see `squared_misses`.

        In closed form: the hyperparameters are not fitted anew.
        """
        means, _ = self.condition(self.mode).left_out()
        return squared_misses(self.known.values, means)

    @property
    def fit(self) -> float:
        """The leave-one-out Q2."""
        return float(1.0 - self.missed.mean())

    def condition(self, hyperparameters: np.ndarray) -> "Posterior":
        return Posterior(self.known, hyperparameters)

    def as_much_by_chance(self, factor: int) -> float:
        """How often this factor's gain would come about by chance; see `hyperparameters.as_much_by_chance`."""
        random = np.random.default_rng(factor)
        some = self.known.among(some_of(len(self.known.values), DEALT_AMONG, random))
        return as_much_by_chance(some, self.mode, factor, random)

    def draws(self, count: int, random: np.random.Generator) -> list[np.ndarray]:
        """Hyperparameters that the data allow. A factor sleeps in as many as the data leave open whether it acts."""
        weights = np.exp([mode.height - self.modes[0].height for mode in self.modes])
        which = random.choice(len(self.modes), size=count, p=weights / weights.sum())
        drawn = np.array([self.modes[one].draw(random) for one in which])
        awake = 1.0 / (1.0 + np.exp(-np.clip(self.gains, -50.0, 50.0) / 2))
        for factor, chance in enumerate(awake):
            # Systematic sampling: as many of the draws as the chance says, and not a binomial number of them.
            sleeping = random.permutation(count) + random.random() >= chance * count
            drawn[sleeping, factor] = ASLEEP
        return list(drawn)


class Posterior:
    """The response's values at new points, given hyperparameters: a mean and joint sample paths.

    The mean is a constant, `level`, plus `weights` [trial] times the covariance with the `known` points. `together` is
    the covariance of these with each other, as `lower_covariance` makes it, where that is known already.
    """

    def __init__(self, known: Known, hyperparameters: np.ndarray, together: np.ndarray | None = None):
        self.known, self.strengths = known, Strengths.of(known.basis, hyperparameters, odds=known.odds)
        self._at, self._together = hyperparameters, together

    @cached_property
    def level(self) -> float:
        return float(self._solved[0])

    @cached_property
    def weights(self) -> np.ndarray:
        return self._solved[1]

    def given(self, known: Known) -> "Posterior":
        """With other values and other noise at the known points."""
        return Posterior(known, self._at, self.together)

    def mean(self, points: np.ndarray | Variants) -> np.ndarray:
        """The most probable values at coded points [point, factor] -> [point]"""
        return np.asarray(self.level + self._carried(points, self.weights))

    def means_parted(self, points: np.ndarray | Variants, parts: int) -> np.ndarray:
        """The mean, and those without one of so many random parts of the trials: [1 + part, point]"""
        dealt = np.random.default_rng(parts).permutation(len(self.weights)) % parts
        levels, weights = np.empty(parts + 1), np.zeros((len(dealt), parts + 1))
        levels[0], weights[:, 0] = self.level, self.weights
        for part in range(parts):
            rest = np.flatnonzero(dealt != part)
            without = Posterior(self.known.among(rest), self._at, self.together[np.ix_(rest, rest)])
            levels[part + 1], weights[rest, part + 1] = without.level, without.weights
        return np.asarray(levels + self._carried(points, weights)).T

    def paths(self, points: np.ndarray | Variants, count: int, random: np.random.Generator) -> np.ndarray:
        """Values at these points that could all be true together -> [path, point]"""
        return self.drawn(count, random)(points)

    def drawn(self, count: int, random: np.random.Generator) -> Paths:
        """So many functions that could be true: all chance is in them, and the work is left for when they are asked."""
        number, features = prior_features(self.known.basis, self.strengths, random)
        amounts, unit = random.standard_normal((number, count)), random.standard_normal((len(self.known.values), count))

        def before(functions: Functions) -> np.ndarray:
            pieces = [slice(begin, begin + FEATURED) for begin in range(0, len(functions[0]), FEATURED)]
            return np.concatenate([features([function[piece] for function in functions]) @ amounts for piece in pieces])

        def at(points: np.ndarray | Variants) -> np.ndarray:
            off = self.known.values[:, None] - before(self.known.functions) - np.sqrt(self._noise)[:, None] * unit
            level, weights = self._solve(off)
            anew = before(self.known.basis(points.points if isinstance(points, Variants) else points))
            return np.asarray(level + self._carried(points, weights) + anew).T

        return at

    def left_out(self) -> tuple[np.ndarray, np.ndarray]:
        """What each known value would be, from the others: means and variances, twice [trial]."""
        variances = 1.0 / self._precisions
        return self.known.values - self.weights * variances, variances

    def fitted(self) -> tuple[np.ndarray, np.ndarray]:
        """The values at the known points without their noise: means and variances, twice [trial]."""
        variances = self._noise - self._noise**2 * self._precisions
        return self.known.values - self._noise * self.weights, variances

    @cached_property
    def together(self) -> np.ndarray:
        """The covariance of the known points with each other, right on and below the diagonal."""
        return lower_covariance(self.known.functions, self.strengths) if self._together is None else self._together

    @cached_property
    def _noise(self) -> np.ndarray:
        jitter = JITTER * np.trace(self.together) / len(self.together)
        return np.asarray(self.strengths.noise * self.known.noise + jitter)

    @cached_property
    def _factor(self) -> tuple[np.ndarray, bool]:
        noisy = self.together.copy()
        noisy[np.diag_indices_from(noisy)] += self._noise
        return scipy.linalg.cho_factor(noisy, lower=True, overwrite_a=True, check_finite=False)

    @cached_property
    def _ones(self) -> np.ndarray:
        return np.asarray(scipy.linalg.cho_solve(self._factor, np.ones(len(self.known.values))))

    @cached_property
    def _solved(self) -> tuple[np.ndarray, np.ndarray]:
        return self._solve(self.known.values)

    def _solve(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # The constant and the weights that give these values [trial, ...] at the known points.
        solved = scipy.linalg.cho_solve(self._factor, values)
        level = solved.sum(axis=0) / self._ones.sum()
        return level, solved - np.multiply.outer(self._ones, level)

    @property
    def _precisions(self) -> np.ndarray:
        # The diagonal of the inverse covariance, with the constant projected out.
        inverse, _ = scipy.linalg.lapack.dtrtri(self._factor[0], lower=1)
        return np.asarray((np.tril(inverse) ** 2).sum(axis=0) - self._ones**2 / self._ones.sum())

    def _carried(self, points: np.ndarray | Variants, weights: np.ndarray) -> np.ndarray:
        # From the known points to these ones, [point, ...].
        points = points if isinstance(points, Variants) else Variants(points, len(points), 0)
        functions, near = self.known.basis(points.points), Covariances(self.known.functions, self.strengths)
        carried = np.empty((len(points.points), *weights.shape[1:]))
        starts = range(points.count, len(carried), points.size)
        blocks = [(start, points.columns(start)) for start in starts] if points.blocks else []
        for begin, end in ((0, points.size), (points.size, points.count)):
            for first in range(begin, end, near.rows):
                part = slice(first, min(first + near.rows, end))
                carried[part] = near.of([function[part] for function in functions]) @ weights
                for start, columns in blocks if begin == 0 else []:
                    there = slice(start + part.start, start + part.stop)
                    carried[there] = near.moved([function[there] for function in functions], columns) @ weights
        return carried


def fit_surrogate(
    points: np.ndarray,
    values: np.ndarray,
    basis: Basis,
    seed: int,
    *,
    noise: np.ndarray | None = None,
    error: float = 0.0,
) -> Surrogate:
    """The Gaussian process that these trials support. Coded points [trial, factor], values [trial] (not constant).

    `noise` [trial] are relative variances of the values, 1 unless given; `error` is the variance of a typical value
    that replicates show, 0 where there are none.
    """
    random = np.random.default_rng(seed)
    centre, unit = float(values.mean()), float(values.std())
    noise = np.ones(len(values)) if noise is None else noise
    expected = max(error / unit**2, 1e-4) if error > 0.0 else None
    known = Known(basis, points, (values - centre) / unit, noise, expected)
    some = known.among(some_of(len(values), FITTED, random))
    modes = find_modes(some)
    gained = gains(some, modes[0].at)
    return Surrogate(known.among(some_of(len(values), CONDITIONED, random)), tuple(modes), gained, centre, unit)


def squared_misses(values: np.ndarray, guesses: np.ndarray) -> np.ndarray:
    """Squared errors [trial] over those of a guess that knows the others' mean; 1 less their mean is the Q2."""
    away = (values - values.mean()) * len(values) / (len(values) - 1)
    return np.asarray(len(values) * (values - guesses) ** 2 / (away @ away))


def some_of(size: int, limit: int, random: np.random.Generator) -> np.ndarray:
    """All trials, or as many of them as the limit allows."""
    return np.sort(random.choice(size, limit, replace=False)) if size > limit else np.arange(size)
