from gradstudy.records import VERDICTS
from gradstudy.words.trial_words import verdict_counts, verdict_line


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
