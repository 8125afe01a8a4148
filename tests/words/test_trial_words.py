"""Trials and verdicts in a line: levels without the dummy, members by verdict."""

import pandas as pd
import pytest

from gradstudy.records import VERDICTS
from gradstudy.words.trial_words import (
    fate_counts,
    fates,
    level_word,
    levels_words,
    trial_fate,
    verdict_counts,
    verdict_line,
    verdicts_words,
)


def test_levels_are_told_by_name_without_the_dummy():
    levels = {"activation": "tanh", "lr.value": 0.00191958, "model.depth": 8, "x": True, "dummy": 0.5}
    assert levels_words(levels) == "activation=tanh, lr.value=0.00192, model.depth=8, x=true"


@pytest.mark.parametrize(("level", "word"), [(1e-5, "1e-05"), (-0.0, "0"), (1234567, "1234567"), (False, "false")])
def test_numbers_have_three_digits_and_whole_ones_all(level, word):
    assert level_word(level) == word


def rows(*verdicts, outcome="learned"):
    return [{"verdict": verdict, "outcome": outcome} for verdict in verdicts]


def test_seeds_are_counted_from_good_to_bad():
    assert verdicts_words(rows("diverged", "healthy", "diverged")) == "1 healthy, 2 diverged"
    assert verdicts_words([]) == ""


def test_what_learned_nothing_is_not_said_to_be_healthy_alone():
    members = [*rows("healthy"), *rows("healthy", "vanishing", outcome="stuck"), *rows("healthy", outcome="untrained")]
    assert fates(members) == ["healthy", "healthy but stuck", "vanishing", "healthy"]
    assert fates(pd.DataFrame(members)) == fates(members)
    assert verdicts_words(members) == "2 healthy, 1 healthy but stuck, 1 vanishing"
    assert (
        verdict_counts(fate_counts(members)) == "healthy 2, healthy but stuck 1, vanishing 1, exploding 0, diverged 0"
    )


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (rows("healthy", "healthy"), "healthy"),
        ([*rows("healthy"), *rows("healthy", outcome="stuck")], "healthy but stuck"),
        ([*rows("vanishing"), *rows("healthy", outcome="stuck")], "vanishing"),
    ],
)
def test_a_trial_is_called_stuck_where_a_seed_of_it_is(members, expected):
    assert trial_fate(members) == expected


def test_every_verdict_is_named_also_when_nobody_got_it():
    assert verdict_counts({"vanishing": 3}) == "healthy 0, vanishing 3, exploding 0, diverged 0"


def line(*verdicts):
    return verdict_line(pd.DataFrame(rows(*verdicts), columns=["verdict", "outcome"]))


def test_shares_are_of_all_members():
    said = line(*["healthy"] * 3, "diverged")
    assert said == "4 members: healthy 3 (75 %), vanishing 0 (0 %), exploding 0 (0 %), diverged 1 (25 %)"


def test_one_member_in_a_thousand_is_not_rounded_away():
    assert "exploding 1 (<1 %)" in line(*["healthy"] * 999, "exploding")


def test_a_study_without_members_has_a_line_too():
    assert line().startswith("0 members")
    assert all(f"{verdict} 0 (0 %)" in line() for verdict in VERDICTS)
