import pandas as pd

from gradstudy.analysis.responses.member_row import verdicts_by_threshold
from gradstudy.analysis.settings import DEFAULTS
from gradstudy.records import VERDICTS
from gradstudy.report.terminal.study.summary import threshold_table


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
