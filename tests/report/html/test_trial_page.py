"""The page of one configuration: the same words as in a terminal, its map with every chart, and what can be copied."""

import html
import re
import shlex

import numpy as np
import pytest
from support.made_records import made_series

from gradstudy.report.diagnosis.diagnose import diagnose
from gradstudy.report.html.trial_page import trial_page

ASKED = ("mode=trial", "activation=tanh", "lr.value=0.1", "report=page.html")


@pytest.fixture
def followed(make_record):
    """A member that loses a decade per time step, back from every answer, as theory says."""

    def made(seed):
        signal = 10.0 ** np.arange(-39.0, 1.0)[None].repeat(3, axis=0)
        record = make_record(signal, kind="time", seed=seed, looks=(0, 2))
        record.series["far_signal"] = record.series["signal_float64"]
        shares = 10.0 ** -np.arange(1.0, 40.0)[None].repeat(2, axis=0)
        record.series["signal_by_distance"] = made_series(shares, [f"distance_{d:03d}" for d in range(1, 40)], (0, 2))
        return record

    return [made(0), made(1)]


def words_of(page):
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", page)).split())


def test_it_says_what_the_diagnosis_says_and_what_to_run(make_measured, followed):
    measured = make_measured(*followed, overrides=ASKED, model="rnn")
    words = words_of(trial_page(measured))
    for line in diagnose(measured).splitlines():
        assert " ".join(line.split()) in words
    assert 'gradstudy.measure(["activation=tanh", "lr.value=0.1"])' in words
    command = shlex.split(re.search(r"python -m gradstudy .*?(?= In a notebook)", words)[0])
    assert "lr.value=0.1" in command
    assert not {"mode=trial", "report=page.html"} & set(command)


def test_it_says_what_was_read_of_a_persons_data(make_measured, followed):
    page = trial_page(make_measured(*followed, data={"rows": "50 & more"}))
    assert "<dt>rows</dt><dd>50 &amp; more</dd>" in page
    assert "What was read" not in trial_page(make_measured(*followed))


def test_what_is_left_by_distance_goes_all_the_way_with_theory_beside_it(make_measured, followed):
    page = trial_page(make_measured(*followed, theory=np.arange(-39.0, 1.0), model="rnn"))
    chart = page[page.index("Left of an answer") :]
    lines = [
        np.array([pair.split(",") for pair in line.split()], dtype=float)
        for line in re.findall(r'class="line" d="M([^"]*)"', chart)
    ]
    assert len(lines) == 3  # the first look, the last one, theory
    for line in lines:
        assert np.ptp(np.diff(line[:, 1])) < 0.11
        assert line[-1].tolist() == lines[0][-1].tolist()
        assert line[-1, 1] > 95.0
    assert "theory: 1e-01 after 1, 1e-39 after 39" in html.unescape(chart[: chart.index(">")])


def test_it_stands_alone_and_offers_no_other_trial(make_measured, make_record):
    page = trial_page(make_measured(make_record([[1e-5, 1e-3, 1e-1]]), overrides=["activation=<b>"]))
    assert "flow-choice" not in page.partition("<body>")[2].partition("<script>")[0]
    assert "<b>" not in page.partition("<body>")[2].partition("<script>")[0]
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "of an answer" not in words_of(page)


def test_of_responses_it_has_the_median_and_the_range(make_measured, make_record, tables):
    records = [make_record([[10.0**-lost, 1.0]], seed=seed) for seed, lost in enumerate((1, 9, 2))]
    (table,) = tables(trial_page(make_measured(*records)))
    assert ["vanishing", "2.00", "1.00", "9.00", "decades"] in table
