"""A Gaussian process over the trials of a study, with its hyperparameters' uncertainty, and sample paths from it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from math import prod

import numpy as np
import scipy

from gradstudy.analysis.surrogate.effects import ASLEEP, Basis, Functions, Strengths, covariance
from gradstudy.analysis.surrogate.hyperparameters import JITTER, Known, Mode, as_much_by_chance, find_modes, gains

PRODUCTS = 384
"""Random products of functions that stand for all effects of two and of three factors."""
FITTED = 320
"""Hyperparameters are fitted on at most this many trials, drawn at random: one evaluation costs n^3."""
CONDITIONED = 1000
"""Predictions are conditioned on at most this many trials, drawn at random: a factorisation of n^3 per draw."""
DEALT_AMONG = 200
"""Levels are dealt anew among at most this many trials, drawn at random, 40 times for a factor."""
CHUNK = 2**17
"""Covariances are made in pieces of 1 MB, which stay in a processor's cache."""


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

    def less(self, part: int, parts: int) -> "Surrogate":
        """What would be known without one of so many random parts of the trials, by the same hyperparameters."""
        dealt = np.random.default_rng(parts).permutation(len(self.known.values)) % parts
        return replace(self, known=self.known.among(np.flatnonzero(dealt != part)))

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

    The mean is a constant, `level`, plus `weights` [trial] times the covariance with the `known` points.
    """

    def __init__(self, known: Known, hyperparameters: np.ndarray):
        self.known, self.strengths = known, Strengths.of(known.basis, hyperparameters, odds=known.odds)
        self._functions = known.basis(known.points)
        together = covariance(self._functions, self._functions, self.strengths)
        self._noise = self.strengths.noise * known.noise + JITTER * np.trace(together) / len(together)
        together[np.diag_indices_from(together)] += self._noise
        self._factor = scipy.linalg.cho_factor(together, lower=True)
        self._ones = scipy.linalg.cho_solve(self._factor, np.ones(len(known.values)))
        self.level, self.weights = self._solve(known.values)

    def mean(self, points: np.ndarray) -> np.ndarray:
        """The most probable values at coded points [point, factor] -> [point]"""
        return np.asarray(self.level + self._carried(self.known.basis(points), self.weights))

    def paths(self, points: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
        """Values at these points that could all be true together -> [path, point]"""
        number, features = prior_features(self.known.basis, self.strengths, random)
        amounts, functions = random.standard_normal((number, count)), self.known.basis(points)
        error = np.sqrt(self._noise)[:, None] * random.standard_normal((len(self._noise), count))
        level, weights = self._solve(self.known.values[:, None] - features(self._functions) @ amounts - error)
        return np.asarray(level + self._carried(functions, weights) + features(functions) @ amounts).T

    def left_out(self) -> tuple[np.ndarray, np.ndarray]:
        """What each known value would be, from the others: means and variances, twice [trial]."""
        variances = 1.0 / np.diag(self._precision())
        return self.known.values - self.weights * variances, variances

    def fitted(self) -> tuple[np.ndarray, np.ndarray]:
        """The values at the known points without their noise: means and variances, twice [trial]."""
        variances = self._noise - self._noise**2 * np.diag(self._precision())
        return self.known.values - self._noise * self.weights, variances

    def _solve(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # The constant and the weights that give these values [trial, ...] at the known points.
        solved = scipy.linalg.cho_solve(self._factor, values)
        level = solved.sum(axis=0) / self._ones.sum()
        return level, solved - np.multiply.outer(self._ones, level)

    def _precision(self) -> np.ndarray:
        inverse = scipy.linalg.cho_solve(self._factor, np.eye(len(self.weights)))
        return np.asarray(inverse - np.outer(self._ones, self._ones) / self._ones.sum())

    def _carried(self, functions: list[np.ndarray], weights: np.ndarray) -> np.ndarray:
        # From the known points to these ones, [point, ...].
        rows = max(1, CHUNK // len(self.weights))
        parts = [slice(start, start + rows) for start in range(0, len(functions[0]), rows)]
        some = ([function[part] for function in functions] for part in parts)
        return np.concatenate([covariance(one, self._functions, self.strengths) @ weights for one in some])


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
