"""Trials and verdicts in a line: levels without the dummy, members by verdict."""

import pytest

from gradstudy.records import VERDICTS
from gradstudy.words.trial_words import level_word, levels_words, verdict_counts, verdict_line, verdicts_words


def test_levels_are_told_by_name_without_the_dummy():
    levels = {"activation": "tanh", "lr.value": 0.00191958, "model.depth": 8, "x": True, "dummy": 0.5}
    assert levels_words(levels) == "activation=tanh, lr.value=0.00192, model.depth=8, x=true"


@pytest.mark.parametrize(("level", "word"), [(1e-5, "1e-05"), (-0.0, "0"), (1234567, "1234567"), (False, "false")])
def test_numbers_have_three_digits_and_whole_ones_all(level, word):
    assert level_word(level) == word


def test_verdicts_are_counted_from_good_to_bad():
    assert verdicts_words(["diverged", "healthy", "diverged"]) == "1 healthy, 2 diverged"
    assert verdicts_words([]) == ""


def test_every_verdict_is_named_also_when_nobody_got_it():
    assert verdict_counts({"vanishing": 3}) == "healthy 0, vanishing 3, exploding 0, diverged 0"


def test_shares_are_of_all_members():
    line = verdict_line(["healthy"] * 3 + ["diverged"])
    assert line == "4 members: healthy 3 (75 %), vanishing 0 (0 %), exploding 0 (0 %), diverged 1 (25 %)"


def test_one_member_in_a_thousand_is_not_rounded_away():
    assert "exploding 1 (<1 %)" in verdict_line(["healthy"] * 999 + ["exploding"])


def test_a_study_without_members_has_a_line_too():
    assert verdict_line([]).startswith("0 members")
    assert all(f"{verdict} 0 (0 %)" in verdict_line([]) for verdict in VERDICTS)
