"""Which stored trials are like a configuration: those that speak for it, and the nearest healthy one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from gradstudy.analysis.prescription.experience import Experience, StartingPoint
from gradstudy.analysis.space.coordinates import INACTIVE, CodedTrials
from gradstudy.conclusions import Changes
from gradstudy.records import DUMMY

FEWEST_ALIKE, FEWEST_BESIDE_CERTAINTY = 5, 3
"""Fewer trials are no support, whatever became of them; where the surrogate is certain, some of them will do."""
WINDOW = 1 / 3
"""Two values of a number agree when a window of this part of its (log) range, set around one, holds the other."""


@dataclass(frozen=True)
class Support:
    """How many stored trials are like a configuration, and how many of them are healthy on every seed.

    Alike means: the same in the factors `matched`. Trials are the unit, since the seeds of one trial are not
    independent. `low` and `high` end the exact (Clopper-Pearson) interval of the share at this `confidence`.
    """

    matched: tuple[str, ...]
    trials: int
    healthy: int
    low: float
    high: float
    confidence: float

    @property
    def share(self) -> float:
        return self.healthy / self.trials if self.trials else float("nan")


def likeness(screen: CodedTrials, point: np.ndarray, columns: Sequence[int]) -> np.ndarray:
    """Whether each trial agrees with this coded point in each of these columns: [trial, column] of bool."""
    agrees = np.empty((len(screen.points), len(columns)), dtype=bool)
    for place, column in enumerate(columns):
        stored, wanted = screen.points[:, column], point[column]
        if screen.factors[column].is_number and wanted != INACTIVE:
            middle = np.clip(wanted, WINDOW / 2, 1.0 - WINDOW / 2)  # the window stays whole at the ends of the range
            agrees[:, place] = (stored != INACTIVE) & (np.abs(stored - middle) <= WINDOW / 2 + 1e-12)
        else:
            agrees[:, place] = stored == wanted
    return agrees


def kinds(
    screen: CodedTrials, healthy: np.ndarray, point: np.ndarray, order: Sequence[int], *, kept: int, level: float
) -> Iterator[Support]:
    """The kinds of trials that are like this coded point in the columns of `order`, the most alike first.

    Then the last columns are dropped, one by one, but never the first `kept`, which were changed: trials that differ in
    those say nothing about the change.
    """
    alike = np.logical_and.accumulate(likeness(screen, point, order), axis=1)
    for last in range(len(order), kept - 1, -1):
        trials, good = int(alike[:, last - 1].sum()), int((alike[:, last - 1] & healthy).sum())
        low, high = binomial_interval(good, trials, level)
        yield Support(tuple(screen.factors[column].name for column in order[:last]), trials, good, low, high, level)


def find_support(found: Iterable[Support], wanted: float, *, usual: float, certain: bool) -> Support | None:
    """The most alike kind of trials that speaks for a point: at least the `wanted` share of it is healthy.

    Unless the surrogate is `certain` by itself, it must also be surely more than the `usual` share of all trials (or
    than half). A kind may be widened for that, but never past a narrower one that speaks against the point.
    """
    fewest, floor = (FEWEST_BESIDE_CERTAINTY, 0.0) if certain else (FEWEST_ALIKE, min(usual, 0.5))
    for support in found:
        if support.trials >= fewest:
            if support.share < wanted:
                return None
            if support.low > floor:
                return support
    return None


def most_alike(found: Sequence[Support]) -> Support:
    """The most alike kind that has a few trials, else the widest, which may have none."""
    return next((support for support in found if support.trials >= FEWEST_BESIDE_CERTAINTY), found[-1])


def binomial_interval(successes: int, count: int, level: float) -> tuple[float, float]:
    """The ends between which a share may lie of which `successes` of `count` were seen. Clopper & Pearson 1934."""
    if not count:
        return 0.0, 1.0
    interval = scipy.stats.binomtest(successes, count).proportion_ci(level, method="exact")
    return float(interval.low), float(interval.high)


def nearest_healthy(experience: Experience, start: StartingPoint) -> tuple[int | None, Changes]:
    """The trial that is well and differs in the fewest factors (of equals, the closest one), and its differences.

    The factors are those that decide, where that is known, else all; (None, {}) where no trial is well.
    """
    if not experience.well.any():
        return None, {}
    screen, known = experience.screen, experience.chance.decisive if experience.chance is not None else []
    columns = known or [column for column, factor in enumerate(screen.factors) if factor.name != DUMMY.name]
    agrees = likeness(screen, start.point, columns)
    apart = np.abs(screen.points[:, columns] - start.point[columns]).clip(max=1.0).sum(axis=1)
    distance = np.where(experience.well, (~agrees).sum(axis=1) + apart / (len(columns) + 1), np.inf)
    which = int(distance.argmin())
    levels = experience.levels_of(which)
    names = [screen.factors[column].name for column, same in zip(columns, agrees[which], strict=True) if not same]
    return int(experience.trials[which]), {name: (start.levels.get(name), levels.get(name)) for name in names}
