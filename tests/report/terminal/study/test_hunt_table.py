"""The page of a hunt: what was wanted, the best trials, and how to run each."""

import shlex

import pandas as pd
import pytest
from support.made_study import made_run
from support.made_trials import make_info

from gradstudy.records import Factor, Trial
from gradstudy.report.findings import hunt_findings_of, levels_of
from gradstudy.report.terminal.study.summary import hunt_table

MEMBERS = pd.DataFrame(
    {
        "trial": [0, 0, 1, 1, 2],
        "seed": [0, 1, 0, 1, 0],
        "gain": [-1.0, 2.0, 0.25, -0.25, 0.0],
        "exploding": [1.0, 2.0, 0.5, 0.25, 9.0],
        "verdict": ["healthy", "diverged", "healthy", "healthy", "exploding"],
        "activation": ["tanh", "tanh", "relu", "relu", "relu"],
        "clipping.max_norm": [None, None, 0.123456789, 0.123456789, None],
    }
)
FACTORS = (Factor("activation", ("tanh", "relu")), Factor("clipping.max_norm", low=0.1, high=10.0, log=True))
OVERRIDES = {0: "activation=tanh", 1: "activation=[relu]", 2: "activation=relu"}


def run_of(members=MEMBERS, objective=("gain",), goal="healthiest", phases=("hunt",)):
    hunted = {"goal": goal, "objective": list(objective)}
    info = make_info("mine", factors=FACTORS, seeds=2, phases=phases, hunted=hunted)
    return made_run(info, members, trial=lambda number: Trial(number, {}, (OVERRIDES[number],)))


@pytest.fixture
def page(render):
    return lambda **run: render(hunt_table(hunt_findings_of(run_of(**run))))


def test_the_best_come_first_with_what_counted_and_their_seeds(page):
    lines = [line.split() for line in page().splitlines()]
    (first,), (second,) = ([line for line in lines if line[:1] == [trial]] for trial in "10")
    assert first[:4] == ["1", "0.25", "2", "healthy"]
    assert second[:2] == ["0", "1.5"]
    words = " ".join(page().split())
    assert "1 healthy, 1 diverged" in words


def test_it_says_what_was_wanted_of_how_many_and_what_was_stopped(page):
    words = " ".join(page().split())
    assert "Which configurations are healthiest?" in words
    assert (
        "|gain| (decades) as small as can be, mean over seeds. Of 3 trials, 1 of them stopped early, the healthiest:"
        in words
    )
    both = " ".join(page(objective=("gain", "exploding"), goal="worst").split())
    assert "|gain| (decades) as large as can be and exploding (decades) as large as can be" in both
    assert "no other beats in everything" in both


def test_every_trial_has_its_command_letter_by_letter(page):
    lines = [line.strip() for line in page().splitlines()]
    for trial in (0, 1):
        typed = ["python", "-m", "gradstudy", "+study=mine", "mode=trial", OVERRIDES[trial]]
        assert shlex.split(lines[lines.index(f"run trial {trial}") + 1]) == typed


@pytest.mark.parametrize(("phases", "said"), [(("hunt",), True), (("screen", "hunt"), False)])
def test_hunted_trials_are_said_to_rank_no_causes_where_nothing_else_does(page, phases, said):
    assert ("rank no causes" in " ".join(page(phases=phases).split())) == said


def test_a_trials_levels_are_those_that_live_in_it_without_what_was_counted():
    hunt = hunt_findings_of(run_of(objective=("exploding",)))
    rows = {row["trial"]: levels_of(row, hunt.objectives) for row in hunt.best.to_dict("records")}
    assert rows == {0: "activation=tanh", 1: "activation=relu, clipping.max_norm=0.123"}


def test_a_hunt_of_which_no_trial_was_finished_says_so(page):
    assert "None of the 1 trials" in page(members=MEMBERS[4:])
