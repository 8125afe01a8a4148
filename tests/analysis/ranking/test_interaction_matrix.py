"""The square of shares: alone on the diagonal, together beside it."""

import numpy as np
import pandas as pd

from gradstudy.analysis.ranking.interactions import interaction_matrix

TABLE = pd.DataFrame(
    [("init", 0.5), ("lr", 0.125), ("depth", 0.25), ("dummy", 0.01), ("unknown", np.nan)], columns=["factor", "first"]
)
PAIRS = pd.DataFrame(
    [("lr", "init", 0.0625), ("dummy", "init", 0.3), ("unknown", "lr", 0.4)],
    columns=["factor_a", "factor_b", "share"],
)
UNSEEN = np.nan


def test_a_factor_alone_stands_on_the_diagonal_and_a_pair_on_both_sides_of_it():
    matrix = interaction_matrix(TABLE, PAIRS)
    assert list(matrix) == list(matrix.index) == ["init", "lr", "depth"]
    expected = [[0.5, 0.0625, UNSEEN], [0.0625, 0.125, UNSEEN], [UNSEEN, UNSEEN, 0.25]]
    assert np.array_equal(matrix, expected, equal_nan=True)


def test_where_nothing_has_a_share_there_is_no_square():
    assert interaction_matrix(TABLE.assign(first=np.nan), PAIRS).empty
