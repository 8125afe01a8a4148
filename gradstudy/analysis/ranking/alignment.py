"""Factors that were not assigned independently: two that go hand in hand, or one with the product of two others.

In a screen's own design neither is so. It may be in trials that were lost in part, or chosen by a person; and in
screens of older versions, whose columns were even in pairs and in line in threes.
"""

from itertools import combinations

import numpy as np
from scipy import stats
from scipy.linalg import helmert

from gradstudy.analysis.ranking.significance import parts_of
from gradstudy.analysis.space.coordinates import INACTIVE, CodedTrials
from gradstudy.records import Factor

LEVEL, STRONG = 0.05, 0.3
"""Pairs go together when chance rarely ties them so much, over all pairs (Bonferroni), and when the tie, Cramer's V, is
a strong one: a dozen columns of a low-discrepancy design have weak ones, which do not mislead a test."""


def confounded(screen: CodedTrials) -> np.ndarray:
    """Whether each factor goes hand in hand with another one: [factor] of bool.

    By Pearson's chi-square on the trials in which both live.
    """
    columns = zip(screen.factors, screen.points.T, strict=True)
    parts = [parts_of(column) if factor.is_number else column for factor, column in columns]
    codes = np.where(screen.lives, np.column_stack(parts), INACTIVE).astype(int)
    pairs = list(combinations(range(codes.shape[1]), 2))
    tied = np.zeros(codes.shape[1], dtype=bool)
    for a, b in pairs:
        strength, p = _association(codes[:, a], codes[:, b])
        tied[[a, b]] |= p < LEVEL / len(pairs) and strength >= STRONG
    return tied


def _association(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    # Cramer's V less what chance gives it (Bergsma 2013), and the p-value.
    both = (a != INACTIVE) & (b != INACTIVE)
    rows, row = np.unique(a[both], return_inverse=True)
    columns, column = np.unique(b[both], return_inverse=True)
    smaller = min(len(rows), len(columns)) - 1
    if smaller < 1:
        return 0.0, 1.0
    table = np.zeros((len(rows), len(columns)))
    np.add.at(table, (row, column), 1)
    found = stats.chi2_contingency(table, correction=False)
    excess = found.statistic / len(row) - found.dof / max(len(row) - 1, 1)
    return float(np.sqrt(max(excess, 0.0) / smaller)), float(found.pvalue)


def triples_in_line(screen: CodedTrials) -> tuple[tuple[str, ...], ...]:
    """The names of factors of which each goes with the product of the two others, the strongest tie first.

    What two of them do together looks like the doing of the third, to a test and to a surrogate. By the mean products
    of their contrasts (of a number its straight line) in the trials in which all three live: squared, they add up to
    chi-square / n where factors are independent.
    """
    contrasts = [_contrasts(factor, column) for factor, column in zip(screen.factors, screen.points.T, strict=True)]
    triples, found = list(combinations(range(len(contrasts)), 3)), []
    for three in triples:
        lives = screen.lives[:, three].all(axis=1)
        a, b, c = (contrasts[which][lives] for which in three)
        freedom, trials = a.shape[1] * b.shape[1] * c.shape[1], int(lives.sum())
        if not freedom or not trials:
            continue
        together = (((a[:, :, None] * b[:, None, :]).reshape(trials, -1).T @ c / trials) ** 2).sum()
        strength = np.sqrt(max(together - freedom / trials, 0.0) / min(a.shape[1], b.shape[1], c.shape[1]))
        if strength >= STRONG and stats.chi2.sf(trials * together, freedom) < LEVEL / len(triples):
            found.append((strength, tuple(screen.factors[which].name for which in three)))
    return tuple(names for _, names in sorted(found, reverse=True))


def _contrasts(factor: Factor, column: np.ndarray) -> np.ndarray:
    # [trial, contrast], of mean 0 and variance 1 where the factor takes all of its levels equally often.
    if factor.is_number:
        return np.asarray(np.sqrt(12.0) * (column[:, None] - 0.5))
    codes = np.unique(column[column != INACTIVE])
    if len(codes) < 2:
        return np.empty((len(column), 0))
    return np.asarray(np.sqrt(len(codes)) * helmert(len(codes)).T[np.searchsorted(codes, np.maximum(column, codes[0]))])
