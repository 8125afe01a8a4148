"""A model of a response over the space: one surrogate, or two where it jumps to an end that some members come to.

Divergence is such an end: a network that explodes by three decades is near one that has none to show any more, and no
smooth function joins their 3 and 10. How likely the end is, and what the response is elsewhere, are smooth again (a
hurdle model: Cragg 1971). A diverged trial counts in both, as often as its seeds diverged.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy

from gradstudy.analysis.space.replicates import EndCounts, Replicates, is_constant
from gradstudy.analysis.surrogate.effects import Basis, Variants
from gradstudy.analysis.surrogate.gaussian_process import (
    CONDITIONED,
    Paths,
    Posterior,
    Surrogate,
    fit_surrogate,
    squared_misses,
)
from gradstudy.analysis.surrogate.odds import fit_chance
from gradstudy.cores import cores

FEWEST_OTHERS = 8


@dataclass(frozen=True)
class Smooth:
    """One surrogate of trial means.

    Of this model and of a hurdle, `missed` [trial] says how badly the others predict a trial's mean, and `fit` is the
    leave-one-out Q2 that follows. `p` [factor] is how often a factor without effects would seem to matter as much, and
    `checked` the same of one factor by permutation, which takes longer. `typical` is the model at its most probable
    hyperparameters, and `draws` are models that the data allow.
    """

    surrogate: Surrogate

    @property
    def missed(self) -> np.ndarray:
        return self.surrogate.missed

    @property
    def fit(self) -> float:
        return self.surrogate.fit

    @property
    def p(self) -> np.ndarray:
        return _chance_of(self.surrogate.gains)

    def checked(self, factor: int) -> float:
        return self.surrogate.as_much_by_chance(factor)

    def typical(self) -> Posterior:
        return self.surrogate.condition(self.surrogate.mode)

    def draws(self, count: int, random: np.random.Generator) -> Iterator[Posterior]:
        return map(self.surrogate.condition, self.surrogate.draws(count, random))


@dataclass(frozen=True)
class Hurdle:
    """The log odds of the `end`, and the response of those who do not come to it."""

    odds: Surrogate
    others: Surrogate
    end: float
    missed: np.ndarray

    @property
    def fit(self) -> float:
        return float(1.0 - self.missed.mean())

    @property
    def p(self) -> np.ndarray:
        return np.asarray(np.minimum(1.0, 2.0 * np.minimum(_chance_of(self.odds.gains), _chance_of(self.others.gains))))

    def checked(self, factor: int) -> float:
        part = max(self.odds, self.others, key=lambda surrogate: surrogate.gains[factor])
        return part.as_much_by_chance(factor)

    def typical(self) -> "HurdleParts":
        return self._parts(self.odds.mode, self.others.mode)

    def draws(self, count: int, random: np.random.Generator) -> Iterator["HurdleParts"]:
        return map(self._parts, self.odds.draws(count, random), self.others.draws(count, random))

    def _parts(self, odds: np.ndarray, others: np.ndarray) -> "HurdleParts":
        return HurdleParts(self.odds.condition(odds), self.others.condition(others), self)


@dataclass(frozen=True)
class HurdleParts:
    """A hurdle with its hyperparameters given."""

    odds: Posterior
    others: Posterior
    of: Hurdle

    def mean(self, points: np.ndarray | Variants) -> np.ndarray:
        return self._joined(self.odds.mean(points), self.others.mean(points))

    def means_parted(self, points: np.ndarray | Variants, parts: int) -> np.ndarray:
        # Two looks at the trials, each parted by itself: who came to the end says nothing of how the others fared.
        return self._joined(self.odds.means_parted(points, parts), self.others.means_parted(points, parts))

    def paths(self, points: np.ndarray | Variants, count: int, random: np.random.Generator) -> np.ndarray:
        return self.drawn(count, random)(points)

    def drawn(self, count: int, random: np.random.Generator) -> Paths:
        odds, others = self.odds.drawn(count, random), self.others.drawn(count, random)
        return lambda points: self._joined(odds(points), others(points))

    def _joined(self, odds: np.ndarray, others: np.ndarray) -> np.ndarray:
        others = self.of.others.centre + self.of.others.unit * others
        return others + scipy.special.expit(odds) * (self.of.end - others)


Model = Smooth | Hurdle
ModelDraw = Posterior | HurdleParts


PIECE = 256
"""Points that are worked out together: on any number of processors the same, as sums end otherwise elsewhere."""


def fit_model(points: np.ndarray, repeats: Replicates, basis: Basis, seed: int) -> Model:
    """What these trials say of the response. Coded points [trial, factor]; the means must not all be the same."""
    means, ends = repeats.means, repeats.ends
    some = np.isfinite(ends.others.values) if ends is not None else np.zeros(len(points), dtype=bool)
    if ends is None or some.sum() < FEWEST_OTHERS or is_constant(ends.others.values[some]):
        return Smooth(fit_surrogate(points, means.values, basis, seed, noise=means.noise, error=means.error))
    rest = ends.others.among(some)
    with ThreadPoolExecutor() as threads:  # NumPy and LAPACK leave the interpreter's lock to others
        fitting = threads.submit(fit_chance, points, ends.hits, ends.sizes, basis, seed)
        others = fit_surrogate(points[some], rest.values, basis, seed, noise=rest.noise, error=rest.error)
        odds = fitting.result()
    return Hurdle(odds, others, ends.end, _missed(points, means.values, ends, odds, others))


def _missed(points: np.ndarray, values: np.ndarray, ends: EndCounts, odds: Surrogate, others: Surrogate) -> np.ndarray:
    # When each trial is left out of both surrogates; above CONDITIONED trials most are left out anyway.
    parts = Hurdle(odds, others, ends.end, np.empty(0)).typical()
    if len(points) <= CONDITIONED:
        return squared_misses(values, _left_out(points, ends, parts))
    parts.mean(points[:1])  # solved once, and not by every thread
    pieces = [points[first : first + PIECE] for first in range(0, len(points), PIECE)]
    with ThreadPoolExecutor(cores()) as threads:
        return squared_misses(values, np.concatenate([*threads.map(parts.mean, pieces)]))


def _left_out(points: np.ndarray, ends: EndCounts, parts: HurdleParts) -> np.ndarray:
    log_odds, variance = parts.odds.left_out()
    variance = np.maximum(variance - parts.odds.known.noise, 0.0)
    others = parts.others.mean(points)
    others[np.isfinite(ends.others.values)], _ = parts.others.left_out()
    # The mean of a logistic curve over a normal variable, to 1 % (MacKay 1992).
    return parts._joined(log_odds / np.sqrt(1.0 + np.pi * variance / 8.0), others)


def _chance_of(gains: np.ndarray) -> np.ndarray:
    # A variance cannot fall below 0, so half of the ratios are 0 by chance (Self & Liang 1987).
    return np.where(gains > 0.0, scipy.stats.chi2.sf(np.maximum(gains, 0.0), 1) / 2, 1.0)
