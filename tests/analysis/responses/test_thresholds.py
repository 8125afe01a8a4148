from dataclasses import replace

import pandas as pd
import pytest

from gradstudy.analysis.responses.member_row import THRESHOLDS, happened, verdicts_by_threshold
from gradstudy.analysis.settings import DEFAULTS, Analysis
from gradstudy.records import VERDICTS

MEMBERS = pd.DataFrame(
    [
        {"vanishing": 0.0, "exploding": 0.5, "verdict": "healthy"},
        {"vanishing": 2.0, "exploding": 0.0, "verdict": "healthy"},
        {"vanishing": 4.0, "exploding": 2.5, "verdict": "vanishing"},
        {"vanishing": 0.0, "exploding": 6.0, "verdict": "exploding"},
        {"vanishing": 9.0, "exploding": 10.0, "verdict": "diverged"},
    ]
)


def counts(moved, threshold, settings=DEFAULTS):
    table = verdicts_by_threshold(MEMBERS, settings)
    row = table[(table["moved"] == moved) & (table["threshold"] == threshold)].iloc[0]
    return tuple(int(row[verdict]) for verdict in VERDICTS)


@pytest.mark.parametrize(
    ("moved", "threshold", "expected"),
    [
        ("vanishing", 1.0, (1, 2, 2, 1)),  # one member does both, and is counted twice
        ("vanishing", 2.0, (1, 2, 2, 1)),  # a threshold is met by what equals it
        ("vanishing", 3.0, (2, 1, 2, 1)),
        ("vanishing", 5.0, (2, 0, 2, 1)),  # 4.0 no longer vanishes, and its 2.5 decades of growth are left
        ("exploding", 1.0, (2, 1, 2, 1)),
        ("exploding", 5.0, (2, 1, 1, 1)),
        ("exploding", 8.0, (3, 1, 0, 1)),
    ],
)
def test_one_threshold_moves_and_the_other_stays(moved, threshold, expected):
    assert counts(moved, threshold) == expected


def test_a_diverged_member_stays_one_and_nobody_gets_lost():
    table = verdicts_by_threshold(MEMBERS, DEFAULTS)
    assert (table["diverged"] == 1).all()
    assert (table[list(VERDICTS)].sum(axis=1) == len(MEMBERS) + table["both"]).all()
    assert table.query("moved == 'exploding'")["both"].tolist() == [1, 1, 0, 0, 0]


def test_the_current_thresholds_are_marked_and_what_a_member_is_called_is_among_what_it_did():
    current = verdicts_by_threshold(MEMBERS, DEFAULTS).query("current")
    assert list(zip(current["moved"], current["threshold"], strict=True)) == [("vanishing", 3.0), ("exploding", 2.0)]
    assert all((current[verdict] >= (MEMBERS["verdict"] == verdict).sum()).all() for verdict in VERDICTS)
    did = happened(MEMBERS, DEFAULTS)
    assert did.sum().to_dict() == {"vanishing": 1, "exploding": 2, "diverged": 1}
    assert did.iloc[2].to_dict() == {"vanishing": True, "exploding": True, "diverged": False}


def test_a_current_threshold_between_the_others_has_a_row_in_order():
    table = verdicts_by_threshold(MEMBERS, replace(DEFAULTS, vanishing=2.5))
    assert list(table[table["moved"] == "vanishing"]["threshold"]) == sorted({*THRESHOLDS, 2.5})


def test_thresholds_above_the_cap_are_left_out():
    table = verdicts_by_threshold(MEMBERS, Analysis(cap=5.0))
    assert table["threshold"].max() == 5.0
    assert len(table) == 8


def test_a_study_without_members_has_rows_of_zeros():
    assert (verdicts_by_threshold(MEMBERS.iloc[:0], DEFAULTS)[list(VERDICTS)] == 0).all(axis=None)
