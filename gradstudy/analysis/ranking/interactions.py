"""Which factors act together: second-order indices as a square, and mean responses where two factors meet."""

import numpy as np
import pandas as pd

from gradstudy.analysis.space.coordinates import CodedTrials
from gradstudy.analysis.space.levels import cut
from gradstudy.records import DUMMY


def interaction_matrix(table: pd.DataFrame, interactions: pd.DataFrame) -> pd.DataFrame:
    """Shares of the variance [factor, factor], in the order of the ranking; nan where a pair has none.

    `table` and `interactions` are those of a `Ranking`: first-order shares, and second-order ones. A factor without a
    first-order share has no row, and the dummy has none.
    """
    known = table[table["first"].notna() & (table["factor"] != DUMMY.name)].set_index("factor")["first"]
    matrix = pd.DataFrame(float("nan"), index=known.index, columns=known.index)
    for name, share in known.items():
        matrix.loc[name, name] = share
    pairs = interactions[interactions[["factor_a", "factor_b"]].isin(list(known.index)).all(axis=1)]
    for a, b, share in zip(pairs["factor_a"], pairs["factor_b"], pairs["share"], strict=True):
        matrix.loc[a, b] = matrix.loc[b, a] = share
    return matrix


CELL_COLUMNS = ["factor_a", "level_a", "factor_b", "level_b", "trials", "diverged", "mean"]
SMALLEST_INTERACTION = 0.02
"""Share of the variance; of an interaction whose interval begins below, nobody needs a table."""
MOST_PAIRS = 6


def strongest(pairs: pd.DataFrame) -> pd.DataFrame:
    """The interactions worth a look: those whose interval begins at SMALLEST or above, MOST of them at most."""
    real = ~(pairs[["factor_a", "factor_b"]] == DUMMY.name).any(axis=1)
    return pairs[real & (pairs["share_low"] >= SMALLEST_INTERACTION)].head(MOST_PAIRS)


def cell_table(screen: CodedTrials, diverged: np.ndarray, pairs: pd.DataFrame) -> pd.DataFrame:
    """The mean response in every cell of these pairs of factors.

    `values` of the screen and `diverged` members, both [trial]; `pairs` names `factor_a` and `factor_b`. A row per pair
    of levels that occur, numbers in thirds of their range; a cell without trials has no mean.
    """
    column = {factor.name: which for which, factor in enumerate(screen.factors)}
    named = list(zip(pairs["factor_a"], pairs["factor_b"], strict=True))
    if not named:
        return pd.DataFrame(columns=CELL_COLUMNS)
    tables = [_of_pair(screen, diverged, column[a], column[b]).assign(factor_a=a, factor_b=b) for a, b in named]
    return pd.concat(tables, ignore_index=True)[CELL_COLUMNS]


def _of_pair(screen: CodedTrials, diverged: np.ndarray, a: int, b: int) -> pd.DataFrame:
    both = screen.lives[:, a] & screen.lives[:, b]
    sides = [cut(screen.factors[which], screen.points[both, which]) for which in (a, b)]
    shape = tuple(len(side.names) for side in sides)
    cell = np.ravel_multi_index([side.codes for side in sides], shape)
    trials, bad, total = (
        np.bincount(cell, weights=weights, minlength=shape[0] * shape[1]).reshape(shape)
        for weights in (None, diverged[both], screen.values[both])
    )
    rows, columns = (np.flatnonzero(side.counts()) for side in sides)
    kept = np.ix_(rows, columns)
    mean = np.divide(total, trials, out=np.full(shape, np.nan), where=trials > 0)
    names = [np.array(side.names, dtype=object) for side in sides]
    return pd.DataFrame(
        {
            "level_a": np.repeat(names[0][rows], len(columns)),
            "level_b": np.tile(names[1][columns], len(rows)),
            "trials": trials[kept].ravel().astype(int),
            "diverged": bad[kept].ravel().astype(int),
            "mean": mean[kept].ravel(),
        }
    )
