import pandas as pd

from gradstudy.analysis.settings import DEFAULTS
from gradstudy.analysis.verdicts import verdicts_by_threshold
from gradstudy.records import VERDICTS
from gradstudy.report.verdicts import threshold_table, verdict_counts, verdict_line


def test_every_verdict_is_named_also_when_nobody_got_it():
    assert verdict_counts({"vanishing": 3}) == "healthy 0, vanishing 3, exploding 0, diverged 0"


def test_shares_are_of_all_members():
    line = verdict_line(["healthy"] * 3 + ["diverged"]).plain
    assert line == "4 members: healthy 3 (75 %), vanishing 0 (0 %), exploding 0 (0 %), diverged 1 (25 %)"


def test_one_member_in_a_thousand_is_not_rounded_away():
    assert "exploding 1 (<1 %)" in verdict_line(["healthy"] * 999 + ["exploding"]).plain


def test_a_study_without_members_has_a_line_too():
    assert verdict_line([]).plain.startswith("0 members")
    assert all(f"{verdict} 0 (0 %)" in verdict_line([]).plain for verdict in VERDICTS)


def test_every_threshold_has_a_row_of_counts_and_the_current_ones_are_marked(render):
    row = {"vanishing": 2.0, "exploding": 0.0, "verdict": "healthy"}
    page = render(threshold_table(verdicts_by_threshold(pd.DataFrame([row]), DEFAULTS)))
    heading, _, *rows = page.splitlines()
    assert heading.split() == ["threshold", "(decades)", *VERDICTS]
    assert [line.split()[:3] for line in rows[:3]] == [["vanishing", "from", number] for number in "123"]
    assert [line.split()[-4:] for line in rows[:3]] == [["0", "1", "0", "0"]] * 2 + [["1", "0", "0", "0"]]
    marked = [line.split("(now)")[0].split() for line in rows if "(now)" in line]
    assert marked == [["vanishing", "from", "3"], ["exploding", "from", "2"]]
    assert max(map(len, page.splitlines())) <= 80
