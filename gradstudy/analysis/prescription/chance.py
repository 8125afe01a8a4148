"""How likely a configuration is healthy, and which factors decide that, by surrogates of the stored trials."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from gradstudy.analysis.space.coordinates import INACTIVE, CodedTrials, FactorSpace, infer_space
from gradstudy.analysis.surrogate.effects import Basis
from gradstudy.analysis.surrogate.gaussian_process import Posterior, fit_surrogate
from gradstudy.records import DUMMY

SATURATED = 2.0
"""Burdens end at twice the threshold: how far beyond a network failed must not blur where failing begins."""
SMALLEST_DECIDING = 0.02
"""A factor that moves less of the burden's variance than this does not decide who is healthy."""
SMALLEST_SCATTER = 1e-3
MOVED = 300
"""Importance is read off at most this many trials."""


@dataclass(frozen=True)
class Burden:
    """How near to failing a configuration is in one way: a response over its threshold, 1 and more is a failure.

    `scatter` is how far a single trial lies from the surrogate, as left-out trials did: what the surrogate does not
    explain counts against every promise.
    """

    posterior: Posterior
    mean: float
    spread: float
    scatter: float
    explained: float

    def chance(self, standardised: np.ndarray) -> np.ndarray:
        """How likely a new trial is below the threshold, where the burden is this. Any shape."""
        return scipy.special.ndtr((1.0 - (self.mean + self.spread * standardised)) / self.scatter)


class Chance:
    """How likely coded points are healthy on every seed. Points [point, factor] may hold INACTIVE.

    `importance` [factor] is the share of the burdens' variance that a factor moves, interactions included, times how
    much of it the surrogate explains; `decisive` are the columns that move more than the dummy does, largest first.
    """

    def __init__(self, screen: CodedTrials, burdens: Sequence[np.ndarray], seed: int):
        self.space: FactorSpace = infer_space(screen)
        self._burdens = [
            self._fit(screen, burden, seed) for burden in burdens if (burden >= 1.0).any() and np.ptp(burden)
        ]
        self._seed = seed
        self.importance = self._importance(screen)
        self.decisive = self._decisive(screen)

    def expected(self, points: np.ndarray) -> np.ndarray:
        """The chance [point] if the surrogates' means were the truth: cheap, for looking through thousands."""
        chance = np.ones(len(points))
        for burden in self._burdens:
            chance *= burden.chance(burden.posterior.mean(points))
        return chance

    def draws(self, points: np.ndarray, count: int) -> np.ndarray:
        """Chances [draw, point] that could be true, from joint sample paths of the surrogates."""
        random = np.random.default_rng(self._seed)
        chance = np.ones((count, len(points)))
        for burden in self._burdens:
            chance *= burden.chance(burden.posterior.paths(points, count, random))
        return chance

    def _fit(self, screen: CodedTrials, burden: np.ndarray, seed: int) -> Burden:
        mean, spread = float(burden.mean()), float(burden.std())
        values = (burden - mean) / spread
        surrogate = fit_surrogate(screen.points, values, Basis(self.space.codes), seed)
        explained = float(np.clip(surrogate.fit, 0.0, 1.0))
        scatter = max(spread * np.sqrt(1.0 - explained), SMALLEST_SCATTER)
        return Burden(surrogate.condition(surrogate.mode), mean, spread, scatter, explained)

    def _importance(self, screen: CodedTrials) -> np.ndarray:
        # Jansen's estimate of the total effect on each surrogate's mean: half the mean square of what changes when one
        # factor is taken from another trial. The largest over the ways of failing.
        random = np.random.default_rng(self._seed)
        some = np.sort(random.permutation(len(screen.points))[:MOVED])
        others = random.permutation(some)
        importance = np.zeros(len(screen.factors))
        for column in range(len(screen.factors)):
            moved = self._taken_from(screen.points[some], screen.points[others], column)
            for burden in self._burdens:
                change = burden.posterior.mean(moved) - burden.posterior.mean(screen.points[some])
                importance[column] = max(importance[column], burden.explained * float(change @ change) / len(some) / 2)
        return importance

    def _taken_from(self, points: np.ndarray, others: np.ndarray, column: int) -> np.ndarray:
        # A conditional factor that wakes up or falls asleep with this one is taken along.
        moved = points.copy()
        both = (points[:, column] != INACTIVE) & (others[:, column] != INACTIVE)
        family = [column, *(child for child, rule in self.space.rules.items() if column in rule.parents)]
        for member in family:
            moved[both, member] = others[both, member]
        whole = self.space.mask(moved)
        for child, rule in self.space.rules.items():
            unknown = rule.holds(whole) & (whole[:, child] == INACTIVE)
            whole[unknown] = points[unknown]
        return whole

    def _decisive(self, screen: CodedTrials) -> list[int]:
        names = [factor.name for factor in screen.factors]
        floor = self.importance[names.index(DUMMY.name)] if DUMMY.name in names else 0.0
        order = np.argsort(-self.importance, kind="stable").tolist()
        beats = self.importance > max(floor, SMALLEST_DECIDING)
        return [column for column in order if beats[column] and names[column] != DUMMY.name]


def burdens(worst: Sequence[tuple[np.ndarray, float]]) -> list[np.ndarray]:
    """How near to failing each trial is, by the worst seeds' responses [trial] and their thresholds; 1 has failed."""
    return [np.clip(response / threshold, 0.0, SATURATED) for response, threshold in worst]
