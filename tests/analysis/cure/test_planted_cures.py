"""The benchmark of cures in small: what is confirmed holds on seeds that nobody has seen."""

import pytest
from planted_cures import Truth, holds, is_as_good, study, summary


@pytest.fixture(scope="module")
def rows():
    return study(7, trials=64, cures=2, seeds=8)


def test_what_is_confirmed_holds_on_further_seeds(rows):
    confirmed = [row for row in rows if row["confirmed"]]
    assert len(confirmed) >= len(rows) / 2
    assert all(row["holds"] for row in confirmed)
    assert summary(rows)["confirmed that hold"] == 1.0


def test_every_failing_start_is_told_apart_from_what_it_became(rows):
    for row in rows:
        if row["confirmed"]:
            assert row["before_well"] < 0.8 <= row["after"]["well"]
            assert row["counts"] in {(8, 8), (15, 16)}


def test_a_cure_holds_where_enough_seeds_are_well_and_it_learns_no_less():
    before = Truth(0.0, 0.5)
    assert holds(Truth(0.8, 0.46), before)
    assert not holds(Truth(0.79, 0.9), before)
    assert not holds(Truth(1.0, 0.4), before)
    assert is_as_good(Truth(0.96, 0.46), before, Truth(1.0, 0.9))
    assert not is_as_good(Truth(0.9, 0.9), before, Truth(1.0, 0.9))
