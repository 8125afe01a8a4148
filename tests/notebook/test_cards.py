"""What objects show of themselves in a notebook: everything that a person named is words, and nothing else."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from gradstudy.notebook.cards import code_block, folded, html_table, measurement_card, paragraph, study_card
from gradstudy.records import DUMMY, Factor

EVIL = "<script>alert(1)</script>"


def words(page):
    """What is read, without the tags."""
    return " ".join(re.sub("<[^>]*>", " ", page).split())


MAKERS = {
    "paragraph": paragraph,
    "heading": lambda evil: paragraph("", heading=evil),
    "code": code_block,
    "summary": lambda evil: folded(evil, ""),
    "table": lambda evil: html_table(pd.DataFrame({evil: [evil]})),
}


@pytest.mark.parametrize("make", list(MAKERS.values()), ids=MAKERS)
def test_a_tag_stays_text(make):
    assert "<script" not in make(EVIL)
    assert "&lt;script&gt;" in make(EVIL)


def test_a_table_has_a_row_per_row_and_muted_ones_stand_back():
    page = html_table(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), muted=[False, True])
    first, second = re.findall("<tr>(?:(?!<tr>).)*</tr>", page)[1:]
    assert (words(first), words(second)) == ("1 x", "2 y")
    assert "opacity" not in first
    assert second.count("opacity") == 2


@pytest.fixture
def study():
    """A study with a name that would like to be a tag."""
    factors = (Factor(EVIL, ("a", EVIL)), Factor("lr.value", low=0.0, high=1.0), DUMMY)
    info = SimpleNamespace(
        name=EVIL, question="Is 1 < 2?", factors=factors, seeds=2, steps=60, phases=("screen",), hunted={}
    )
    levels = {EVIL: ["a", EVIL] * 4, "lr.value": [0.123456, np.nan] * 4, "dummy": 0.5}
    measured = {"vanishing": 3.14159, "exploding": -0.0, "verdict": "vanishing"}
    trials = pd.DataFrame({"trial": range(8), **levels, **measured})
    members = pd.DataFrame({"trial": [*range(8)] * 2, "verdict": ["healthy"] * 4 + ["diverged"] * 12})
    members["outcome"] = "untrained"
    return info, members, trials


def test_a_study_shows_what_it_asks_what_became_of_it_and_how_to_go_on(study):
    page = study_card(*study, ways=["mlflow ui"])
    read = words(page)
    assert "<script" not in page
    assert "Is 1 &lt; 2?" in page
    assert "Trials: 8, seeds per trial: 2, steps: 60. 16 members: 4 healthy, 12 diverged." in read
    assert "and 2 more in run.trials" in read
    assert 'run.rank("vanishing")' in read.replace("&quot;", '"')
    assert "mlflow ui" in read


def test_the_trials_of_a_study_are_read_with_three_digits_and_without_the_dummy(study):
    read = words(study_card(*study, ways=[]))
    assert "0 1 healthy, 1 diverged 3.14 0 a 0.123" in read
    assert "1 1 healthy, 1 diverged 3.14 0 &lt;script&gt;alert(1)&lt;/script&gt; -" in read
    assert "dummy" not in read


def test_a_hunt_is_not_offered_a_ranking(study):
    info, members, trials = study
    info.phases = ("hunt",)
    read = words(study_card(info, members, trials, []))
    assert "run.best()" in read
    assert "run.rank" not in read
    assert "run.prescribe" not in read


def test_a_measurement_shows_its_seeds_and_what_theory_says():
    row = {"gain_init": -8.5, "vanishing": 7.96, "exploding": 0.149, "learned": 0.27, "first_bad_step": np.nan}
    members = pd.DataFrame([{"seed": seed, **row, "verdict": "vanishing", "outcome": "stuck"} for seed in range(2)])
    page = measurement_card(members, {"activation": "sigmoid", "residual": "none", "x": EVIL}, "gates <are> silent")
    assert "<script" not in page
    assert "<are>" not in page
    assert "Seeds: 2 vanishing." in words(page)
    assert "activation=sigmoid, x=" in words(page)
    assert "residual" not in page
    assert "1 -8.5 7.96 0.149 vanishing 0.27 stuck -" in words(page)
