"""Which factors were not assigned independently of each other: a test of one of them sees the other as well."""

from itertools import combinations

import numpy as np
from scipy import stats

from gradstudy.analysis.ranking.significance import parts_of
from gradstudy.analysis.space.coordinates import INACTIVE, CodedTrials

LEVEL, STRONG = 0.05, 0.3
"""Pairs go together when chance rarely ties them so much, over all pairs (Bonferroni), and when the tie, Cramer's V, is
a strong one: a dozen columns of a low-discrepancy design have weak ones, which do not mislead a test."""


def confounded(screen: CodedTrials) -> np.ndarray:
    """Whether each factor goes hand in hand with another one: [factor] of bool.

    By Pearson's chi-square on the trials in which both live. In a screen's own design none do; in trials that were lost
    in part, or chosen by a person, they may.
    """
    columns = zip(screen.factors, screen.points.T, strict=True)
    codes = np.column_stack([_codes(column, factor.is_number) for factor, column in columns])
    pairs = list(combinations(range(codes.shape[1]), 2))
    tied = np.zeros(codes.shape[1], dtype=bool)
    for a, b in pairs:
        strength, p = _association(codes[:, a], codes[:, b])
        tied[[a, b]] |= p < LEVEL / len(pairs) and strength >= STRONG
    return tied


def _codes(column: np.ndarray, is_number: bool) -> np.ndarray:
    parts = parts_of(column) if is_number else column
    return np.where(column == INACTIVE, INACTIVE, parts).astype(int)


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
