"""Were the factors assigned independently of each other? Where not, a test of one factor alone sees the other as well."""

from itertools import combinations

import numpy as np
from scipy import stats

from gradstudy.analysis.space import INACTIVE, Screen

PARTS = 5
"""A number's range is cut into so many parts."""
LEVEL = 0.05


def confounded(screen: Screen) -> np.ndarray:
    """Which factors go together with another one by more than chance? -> [factor] of bool

    Pearson's chi-square on the trials in which both live, at LEVEL over all pairs (Bonferroni). A screen's own design is
    more even than chance; trials that were lost, or chosen by a person, are not.
    """
    columns = zip(screen.factors, screen.points.T, strict=True)
    codes = np.column_stack([_codes(column, factor.is_number) for factor, column in columns])
    pairs = list(combinations(range(codes.shape[1]), 2))
    tied = np.zeros(codes.shape[1], dtype=bool)
    for a, b in pairs:
        if _association(codes[:, a], codes[:, b]) < LEVEL / len(pairs):
            tied[[a, b]] = True
    return tied


def _codes(column: np.ndarray, is_number: bool) -> np.ndarray:
    parts = np.minimum(column * PARTS, PARTS - 1) if is_number else column
    return np.where(column == INACTIVE, INACTIVE, parts).astype(int)


def _association(a: np.ndarray, b: np.ndarray) -> float:
    both = (a != INACTIVE) & (b != INACTIVE)
    rows, row = np.unique(a[both], return_inverse=True)
    columns, column = np.unique(b[both], return_inverse=True)
    if min(len(rows), len(columns)) < 2:
        return 1.0
    table = np.zeros((len(rows), len(columns)))
    np.add.at(table, (row, column), 1)
    return float(stats.chi2_contingency(table, correction=False).pvalue)
