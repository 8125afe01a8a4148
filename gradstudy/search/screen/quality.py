"""The quality of a design: how balanced and how even it is, and how far its factors are in line with each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from gradstudy.aliasing import ties_to_two
from gradstudy.records import Factor, Level

FEWEST_SHARED = 8
"""An association over fewer trials says nothing: two of three trials are always in line."""

FEWEST_TOGETHER = 16
"""Three factors are always in line over fewer trials."""

MOST_COMPARED = 2000
"""The discrepancy is that of the first trials, so many: it compares every pair of them (4 million take .5 s)."""


@dataclass(frozen=True)
class Association:
    """How far two factors are in line, from 0 to 1; `trials` is in how many both live.

    |Spearman| of two numbers, Cramer's V of two factors with levels, the correlation ratio eta of one and the other.
    """

    first: str
    second: str
    strength: float
    trials: int


@dataclass(frozen=True)
class Alias:
    """How far a factor is in line with what two `others` do only together, beyond chance and from 0 to 1."""

    factor: str
    others: tuple[str, str]
    strength: float


@dataclass(frozen=True)
class Quality:
    """What can be said of a design before anything is measured.

    `balance` has the fewest and the most trials per level, by factor, in the trials in which the factor lives.
    `discrepancy` is 0 for a perfectly even design and `chance` its mean over designs drawn at random. `everywhere` is
    the strongest association of two factors that live in every trial, `conditional` that of a pair of which one does
    not, over the trials in which both live; `triple` is the strongest tie of a factor to the interaction of two others
    where all three live. Each is None where there is none.
    """

    balance: Mapping[str, tuple[int, int]]
    discrepancy: float
    chance: float
    everywhere: Association | None
    conditional: Association | None
    triple: Alias | None = None


def quality(factors: Sequence[Factor], trials: Sequence[Mapping[str, Level]]) -> Quality:
    """The quality of these trials, each of which maps the factors that live in it to levels."""
    coded = {factor.name: _coded(factor, trials) for factor in factors}
    whole = [factor for factor in factors if not np.isnan(coded[factor.name]).any()]
    points = np.column_stack([coded[factor.name] for factor in whole]) if whole else np.empty((len(trials), 0))
    of_whole, of_others = _associations(factors, coded)
    return Quality(
        {factor.name: _balance(factor, coded[factor.name]) for factor in factors if factor.levels},
        discrepancy(whole, points[:MOST_COMPARED]),
        chance_discrepancy(whole, min(len(trials), MOST_COMPARED)),
        _strongest(of_whole),
        _strongest(of_others),
        _strongest_triple(factors, coded),
    )


def discrepancy(factors: Sequence[Factor], points: np.ndarray) -> float:
    """How uneven these points [trial, factor] are, squared. Numbers are in [0, 1], levels their index.

    The wrap-around discrepancy (Hickernell 1998), in which two levels are as far apart as any others: a kernel with
    the same diagonal, 3/2, and the same mean, 4/3, as that of a number. With numbers only it is scipy's method "WD".
    """
    total = 0.0
    for start in range(0, len(points), 100):  # in blocks of rows: all at once would be 30 MB per factor
        product = np.ones((len(points[start : start + 100]), len(points)))
        for factor, column in zip(factors, points.T, strict=True):
            product *= _kernel(factor, column[start : start + 100, None], column)
        total += product.sum()
    return float(total / max(len(points), 1) ** 2 - (4 / 3) ** len(factors))


def chance_discrepancy(factors: Sequence[Factor], trials: int) -> float:
    """The mean discrepancy of trials drawn at random, exactly: only a point's own kernel is not 4/3."""
    return ((3 / 2) ** len(factors) - (4 / 3) ** len(factors)) / max(trials, 1)


def association(first: Factor, second: Factor, columns: np.ndarray) -> float:
    """How far two factors are in line, from 0 to 1, of `columns` [2, trial]; 0 where one of them does not vary."""
    if (np.ptp(columns, axis=1) == 0.0).any():
        return 0.0
    one, other = columns if first.levels or not second.levels else columns[::-1]
    if first.levels and second.levels:
        return _cramers_v(_indices(one), _indices(other))
    if first.levels or second.levels:
        return _correlation_ratio(_indices(one), other)
    return float(abs(np.corrcoef(_ranks(one), _ranks(other))[0, 1]))


def _cramers_v(one: np.ndarray, other: np.ndarray) -> float:
    table = np.zeros((one.max() + 1, other.max() + 1))
    np.add.at(table, (one, other), 1.0)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / len(one)
    return float(np.sqrt(((table - expected) ** 2 / expected).sum() / len(one) / (min(table.shape) - 1)))


def _correlation_ratio(levels: np.ndarray, numbers: np.ndarray) -> float:
    counts = np.bincount(levels)
    means = np.bincount(levels, numbers) / counts
    return float(np.sqrt(counts @ (means - numbers.mean()) ** 2 / len(levels) / numbers.var()))


def _coded(factor: Factor, trials: Sequence[Mapping[str, Level]]) -> np.ndarray:
    """[trial]: a number's place in its range, a level's index, nan where the factor does not live."""
    column = [trial.get(factor.name) for trial in trials]
    if factor.levels:
        # With their types: True and 1 are one key of a dictionary, and two levels of a factor.
        index = {(type(level), level): place for place, level in enumerate(factor.levels)}
        return np.array([np.nan if level is None else index[type(level), level] for level in column], dtype=float)
    return factor.place(np.array(column, dtype=float))


def _balance(factor: Factor, column: np.ndarray) -> tuple[int, int]:
    counts = np.bincount(column[~np.isnan(column)].astype(int), minlength=len(factor.levels))
    return int(counts.min()), int(counts.max())


def _kernel(factor: Factor, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    if not factor.levels:
        apart = np.abs(one - other)
        return np.asarray(3 / 2 - apart * (1 - apart))
    count = len(factor.levels)
    return np.where(one == other, 3 / 2, (4 / 3 * count - 3 / 2) / (count - 1)) if count > 1 else np.full(1, 4 / 3)


def _associations(
    factors: Sequence[Factor], coded: Mapping[str, np.ndarray]
) -> tuple[list[Association], list[Association]]:
    """Those of all pairs, in two lists: of pairs that live everywhere, and of the others."""
    found: tuple[list[Association], list[Association]] = [], []
    for first, second in combinations(factors, 2):
        columns = np.array([coded[first.name], coded[second.name]])
        both = columns[:, ~np.isnan(columns).any(axis=0)]
        if both.shape[1] >= FEWEST_SHARED:
            strength = association(first, second, both)
            found[both.shape[1] < columns.shape[1]].append(
                Association(first.name, second.name, strength, both.shape[1])
            )
    return found


def _strongest(found: Sequence[Association]) -> Association | None:
    return max(found, key=lambda one: one.strength, default=None)


def _strongest_triple(factors: Sequence[Factor], coded: Mapping[str, np.ndarray]) -> Alias | None:
    columns = np.array([coded[factor.name][:MOST_COMPARED] for factor in factors]).T
    ties = ties_to_two(columns, ~np.isnan(columns), [factor.is_number for factor in factors]) if factors else ()
    found = [
        Alias(factors[which].name, (factors[one].name, factors[other].name), found.strength)
        for (which, one, other), found in ties
        if found.trials >= FEWEST_TOGETHER
    ]
    return max(found, key=lambda one: one.strength, default=None)


def _ranks(column: np.ndarray) -> np.ndarray:
    """Ranks, equal values in the middle of the ranks they share."""
    _, places, counts = np.unique(column, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - counts / 2)[places]


def _indices(column: np.ndarray) -> np.ndarray:
    """0..k-1 for the k levels that occur."""
    return np.unique(column, return_inverse=True)[1]
