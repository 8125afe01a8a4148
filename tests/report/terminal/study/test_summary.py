import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.theory.agreement import agreement
from gradstudy.report.terminal.study.summary import summary

MEMBERS = pd.DataFrame(
    {
        "trial": [0, 1, 2, 3],
        "vanishing": [0.0, 4.0, 6.0, 0.0],
        "exploding": [1.0, 0.0, 0.0, 10.0],
        "verdict": ["healthy", "vanishing", "vanishing", "diverged"],
        "gain_init": [-1.0, -4.0, -6.0, 2.0],
        "gain_init_theory": [-1.1, -4.0, -5.5, np.nan],
    }
)


@pytest.fixture
def make_page(render, make_findings):
    def made(members, *rankings, name="rnn_clip", theory=None):
        return render(summary(make_findings(members, rankings=rankings, theory=theory, info={"name": name})))

    return made


@pytest.fixture
def page(make_page, make_ranking):
    rankings = (make_ranking({}), make_ranking({"factor": "clipping"}, response="exploding"))
    return make_page(MEMBERS, *rankings, theory=agreement(MEMBERS))


def test_both_rankings_come_in_the_order_given(page):
    assert 0 <= page.index("What makes gradients vanish?") < page.index("What makes gradients explode?")


def test_the_verdicts_of_all_members_are_counted(page):
    words = " ".join(page.split())
    assert "4 members: healthy 1 (25 %), vanishing 2 (50 %), exploding 0 (0 %), diverged 1 (25 %)" in words


def test_the_verdicts_are_counted_under_other_thresholds_too(page):
    """4.0 and 6.0 decades are lost, and 1.0 is gained, beside what diverged."""
    rows = {tuple(line.split()[:3]): line.split()[-4:] for line in page.splitlines() if " from " in line}
    assert rows["vanishing", "from", "3"] == ["1", "2", "0", "1"]
    assert rows["vanishing", "from", "5"] == ["2", "1", "0", "1"]
    assert rows["exploding", "from", "1"] == ["0", "2", "1", "1"]


def test_where_theory_spoke_one_line_says_how_well(page):
    """Measured -1, -4, -6 (variance 38/9), off by .1, 0 and .5: R2 = 1 - .26 / 3 / (38 / 9), RMSE = sqrt(.26 / 3)."""
    words = " ".join(page.split())
    fit = "R2 0.9795, off by 0.29 decades (RMS)."
    assert f"Theory predicts gain_init for 3 of 4 trials, {fit} See run.theory().plot(), or the report" in words


def test_the_answer_stands_below_the_question_and_above_the_ways_on_where_a_terminal_stops(page):
    places = [
        page.index(words)
        for words in ("vanishing from 5", "rnn_clip: Does clipping help?", "Gradients vanish", "stored in")
    ]
    assert places == sorted(places)


def test_the_ways_on_name_the_report_where_there_is_one(render, make_findings):
    written = render(summary(make_findings(MEMBERS, report="/runs/report.html")))
    assert "report          /runs/report.html" in written.splitlines()
    assert "report  " not in render(summary(make_findings(MEMBERS)))


def test_an_address_that_is_longer_than_a_line_stays_whole(render, make_findings):
    address = "/runs/" + "deep/" * 30 + "report.html"
    assert f"  {address}" in render(summary(make_findings(MEMBERS, report=address))).splitlines()


def test_a_study_in_progress_says_how_far_it_is(render, make_findings):
    page = render(summary(make_findings(MEMBERS, progress="running", info={"trials": 128})))
    assert "In progress, 4 of 128 trials so far" in " ".join(page.split())


def test_what_has_no_size_is_left_out_of_how_well_theory_did_and_counted(make_page):
    members = MEMBERS.assign(gain_init=[-400.0, -4.0, -6.0, 2.0])
    assert "Left out, for a signal of exactly 0 or beyond float64: 1 of them." in " ".join(
        make_page(members, theory=agreement(members)).split()
    )


def test_where_theory_is_silent_no_line_claims_anything(make_page):
    assert "Theory" not in make_page(MEMBERS)


@pytest.mark.parametrize(
    "line",
    [
        "sqlite:///mlflow.db",
        "mlflow ui --backend-store-uri sqlite:///mlflow.db",
        "python -m gradstudy +study=rnn_clip mode=report",
        'gradstudy.load_study("rnn_clip")',
    ],
)
def test_every_way_on_stands_on_one_line_to_copy(page, line):
    assert any(written.rstrip().endswith(line) for written in page.splitlines())


def test_a_summary_is_plain_text_of_80_columns(page):
    assert max(map(len, page.splitlines())) <= 80
    assert not any(line.endswith(" ") for line in page.splitlines())
    assert "\x1b" not in page


def test_a_name_stays_text_and_a_string_of_python(make_page):
    page = make_page(MEMBERS.iloc[:0], name='a"[red]b')
    assert 'gradstudy.load_study("a\\"[red]b")' in page
