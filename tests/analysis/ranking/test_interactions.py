"""Pairs of factors: their cells, and the square of what factors do alone and together."""

import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.ranking.interactions import (
    CELL_COLUMNS,
    MOST_PAIRS,
    cell_table,
    interaction_matrix,
    strongest,
)
from gradstudy.analysis.space.coordinates import CodedTrials, encode
from gradstudy.records import Factor

FACTORS = (Factor("a", ("p", "q", "never")), Factor("x", low=0.1, high=10.0, log=True), Factor("b", ("p", "q")))
PAIR = ["factor_a", "factor_b", "share", "share_low", "share_high"]


@pytest.fixture
def trials():
    random = np.random.default_rng(0)
    drawn = {"a": random.choice(["p", "q"], 200), "x": 10 ** random.uniform(-1, 1, 200)}
    table = pd.DataFrame({**drawn, "b": random.choice(["p", "q"], 200), "y": random.normal(size=200)})
    return table.assign(x=table["x"].where(table["b"] == "q"), bad=random.integers(0, 3, 200).astype(float))


def cells(trials, a, b):
    screen = CodedTrials(FACTORS, encode(trials, FACTORS), trials["y"].to_numpy())
    return cell_table(screen, trials["bad"].to_numpy(), pd.DataFrame([(a, b)], columns=["factor_a", "factor_b"]))


def test_every_cell_has_its_trials_its_diverged_members_and_its_mean(trials):
    found = cells(trials, "a", "b")
    assert found.columns.tolist() == CELL_COLUMNS
    expected = trials.groupby(["a", "b"]).agg(trials=("y", "size"), diverged=("bad", "sum"), mean=("y", "mean"))
    found = found.set_index(["level_a", "level_b"])[["trials", "diverged", "mean"]]
    pd.testing.assert_frame_equal(found, expected, check_names=False, check_dtype=False)


def test_numbers_are_cut_into_thirds_and_only_trials_in_which_both_live_count(trials):
    found = cells(trials, "x", "a")
    third = pd.cut(np.log10(trials["x"]), [-1, -1 / 3, 1 / 3, 1], labels=["0.1 to 0.46", "0.46 to 2.2", "2.2 to 10"])
    assert found["trials"].sum() == (trials["b"] == "q").sum()
    for row in found.itertuples():
        mine = trials[(third == row.level_a) & (trials["a"] == row.level_b)]
        assert (row.trials, row.mean) == (len(mine), pytest.approx(mine["y"].mean()))


def test_a_cell_without_trials_has_no_mean(trials):
    found = cells(trials[(trials["a"] != "q") | (trials["b"] != "p")], "a", "b").set_index(["level_a", "level_b"])
    assert found.loc[("q", "p"), "trials"] == 0
    assert np.isnan(found.loc[("q", "p"), "mean"])
    assert len(found) == 4


def test_only_interactions_whose_interval_is_clear_of_nothing_are_looked_at():
    pairs = pd.DataFrame(
        [
            ("a", "b", 0.3, 0.2, 0.4),
            ("a", "dummy", 0.2, 0.1, 0.3),
            ("a", "c", 0.1, 0.0, 0.3),
            ("b", "c", 0.05, 0.03, 0.1),
        ],
        columns=PAIR,
    )
    assert strongest(pairs)[["factor_a", "factor_b"]].to_numpy().tolist() == [["a", "b"], ["b", "c"]]
    assert len(strongest(pd.DataFrame([("a", str(k), 0.3, 0.2, 0.4) for k in range(9)], columns=PAIR))) == MOST_PAIRS


def test_no_pair_gives_an_empty_table(trials):
    screen = CodedTrials(FACTORS, encode(trials, FACTORS), trials["y"].to_numpy())
    found = cell_table(screen, trials["bad"].to_numpy(), pd.DataFrame(columns=PAIR))
    assert found.columns.tolist() == CELL_COLUMNS
    assert found.empty


ALONE = pd.DataFrame(
    [("init", 0.5), ("lr", 0.125), ("depth", 0.25), ("dummy", 0.01), ("unknown", np.nan)], columns=["factor", "first"]
)
SHARED = pd.DataFrame(
    [("lr", "init", 0.0625), ("dummy", "init", 0.3), ("unknown", "lr", 0.4)],
    columns=["factor_a", "factor_b", "share"],
)


def test_a_factor_alone_stands_on_the_diagonal_and_a_pair_on_both_sides_of_it():
    matrix = interaction_matrix(ALONE, SHARED)
    assert list(matrix) == list(matrix.index) == ["init", "lr", "depth"]
    expected = [[0.5, 0.0625, np.nan], [0.0625, 0.125, np.nan], [np.nan, np.nan, 0.25]]
    assert np.array_equal(matrix, expected, equal_nan=True)


def test_where_nothing_has_a_share_there_is_no_square():
    assert interaction_matrix(ALONE.assign(first=np.nan), SHARED).empty
