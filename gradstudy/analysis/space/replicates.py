"""What a trial's seeds say beyond their mean: how sure it is, and how many came to an end that others did not.

Seeds are replicates: their scatter is pure error, whatever the factors do, and bounds what the factors can explain.
"""

from dataclasses import dataclass

import numpy as np

PRIOR_FREEDOM = 4.0
"""Three seeds say little about one trial's scatter: each variance is drawn towards the pooled one, which counts as much
as this many degrees of freedom (Smyth 2004)."""
ROUNDING = 1e-12
"""Relative scatter of seeds up to which they are the same: the mean of three equal numbers need not equal them."""
FEWEST_ENDS = 5
"""Members at an end, and members elsewhere: fewer say nothing about what decides between the two."""


@dataclass(frozen=True)
class ReplicateMeans:
    """Trial means [trial], nan where no member counts, their relative variances, and the variance of a typical one."""

    values: np.ndarray
    noise: np.ndarray
    error: float

    def among(self, trials: np.ndarray) -> "ReplicateMeans":
        return ReplicateMeans(self.values[trials], self.noise[trials], self.error)


@dataclass(frozen=True)
class EndCounts:
    """How many members of each trial [trial] came to the `end`, of how many, and the means of the `others`."""

    end: float
    hits: np.ndarray
    sizes: np.ndarray
    others: ReplicateMeans

    def among(self, trials: np.ndarray) -> "EndCounts":
        return EndCounts(self.end, self.hits[trials], self.sizes[trials], self.others.among(trials))


@dataclass(frozen=True)
class Replicates:
    """The means over all seeds, and the ends that some came to: None where the response jumps nowhere."""

    means: ReplicateMeans
    ends: EndCounts | None = None

    def among(self, trials: np.ndarray) -> "Replicates":
        return Replicates(self.means.among(trials), self.ends and self.ends.among(trials))


def is_constant(values: np.ndarray) -> bool:
    """Whether these are the same but for rounding (of a mean over seeds)."""
    return bool(np.ptp(values) <= ROUNDING * np.abs(values).max())


def replicates_of(values: np.ndarray, row: np.ndarray, diverged: np.ndarray) -> Replicates:
    """What these members [member] say of their trials. `row` [member] is the trial's index, `diverged` is bool.

    There is an end where all diverged members (of a time to divergence: all others) have the same outermost value: the
    response jumps there from wherever it was, and no smooth function does.
    """
    trials = int(row.max(initial=-1)) + 1
    hit = _at_the_end(values, diverged)
    means = _means(values, row, trials)
    if min(hit.sum(), (~hit).sum()) < FEWEST_ENDS:
        return Replicates(means)
    hits, sizes = np.bincount(row[hit], minlength=trials), np.bincount(row, minlength=trials)
    end, others = float(values[hit][0]), _means(values[~hit], row[~hit], trials)
    return Replicates(means, EndCounts(end, hits.astype(float), sizes.astype(float), others))


def _at_the_end(values: np.ndarray, diverged: np.ndarray) -> np.ndarray:
    for group in (values[diverged], values[~diverged]):
        if len(group) and np.ptp(group) == 0.0 and group[0] in (values.min(), values.max()):
            return np.asarray(values == group[0])
    return np.zeros(len(values), dtype=bool)


def _means(values: np.ndarray, row: np.ndarray, trials: int) -> ReplicateMeans:
    counts = np.bincount(row, minlength=trials)
    some = np.maximum(counts, 1)
    means = np.bincount(row, values, trials) / some
    squares = np.bincount(row, (values - means[row]) ** 2, trials)
    freedom = np.maximum(counts - 1, 0)
    means = np.where(counts > 0, means, np.nan)
    if squares.sum() <= len(values) * (ROUNDING * np.abs(values).max(initial=0.0)) ** 2:
        return ReplicateMeans(means, np.ones(trials), 0.0)
    pooled = squares.sum() / freedom.sum()
    variances = (PRIOR_FREEDOM * pooled + squares) / (PRIOR_FREEDOM + freedom) / some
    typical = float(np.median(variances[counts > 0]))
    return ReplicateMeans(means, variances / typical, typical)
