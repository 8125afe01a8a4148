"""The last page of a launch: evidence, hunt, verdicts, advice, the answer and the ways on."""

import shlex
import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.made_cures import CONFIRMED, FAILED
from support.made_study import made_run
from support.made_trials import make_info

from gradstudy.analysis.cure.cure import NoConfirmation
from gradstudy.analysis.prescription.neighbours import Support
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.analysis.theory.agreement import agreement
from gradstudy.conclusions import NoCure
from gradstudy.records import FAILING, Factor, Trial
from gradstudy.report.findings import hunt_findings_of, levels_of
from gradstudy.report.terminal.study.summary import (
    advice_table,
    folded_command,
    hunt_table,
    summary,
)

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
    lines = [line for line in page.splitlines() if " from " in line and line[-1].isdigit()]
    rows = {tuple(line.split()[:3]): line.split()[-4:] for line in lines}
    assert rows["vanishing", "from", "3"] == ["1", "2", "0", "1"]
    assert rows["vanishing", "from", "5"] == ["2", "1", "0", "1"]
    assert rows["exploding", "from", "1"] == ["0", "2", "1", "1"]
    now = [line.split("(now)")[0].split() for line in lines if "(now)" in line]
    assert now == [["vanishing", "from", "3"], ["exploding", "from", "2"]]
    assert ["threshold", "(decades)", "neither", *FAILING] in [line.split() for line in page.splitlines()]


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


HUNTED = pd.DataFrame(
    {
        "trial": [0, 0, 1, 1, 2],
        "seed": [0, 1, 0, 1, 0],
        "phase": "hunt",
        "gain": [-1.0, 2.0, 0.25, -0.25, 0.0],
        "exploding": [1.0, 2.0, 0.5, 0.25, 9.0],
        "verdict": ["healthy", "diverged", "healthy", "healthy", "exploding"],
        "activation": ["tanh", "tanh", "relu", "relu", "relu"],
        "clipping.max_norm": [None, None, 0.123456789, 0.123456789, None],
    }
)
FACTORS = (Factor("activation", ("tanh", "relu")), Factor("clipping.max_norm", low=0.1, high=10.0, log=True))
OVERRIDES = {0: "activation=tanh", 1: "activation=[relu]", 2: "activation=relu"}


def run_of(members=HUNTED, objective=("gain",), goal="healthiest", phases=("hunt",)):
    hunted = {"goal": goal, "objective": list(objective)}
    info = make_info("mine", factors=FACTORS, seeds=2, phases=phases, hunted=hunted)
    return made_run(info, members, trial=lambda number: Trial(number, {}, (OVERRIDES[number],)))


@pytest.fixture
def hunt_page(render):
    return lambda **run: render(hunt_table(hunt_findings_of(run_of(**run))))


def test_the_best_come_first_with_what_counted_and_their_seeds(hunt_page):
    lines = [line.split() for line in hunt_page().splitlines()]
    (first,), (second,) = ([line for line in lines if line[:1] == [trial]] for trial in "10")
    assert first[:4] == ["1", "0.25", "2", "healthy"]
    assert second[:2] == ["0", "1.5"]
    words = " ".join(hunt_page().split())
    assert "1 healthy, 1 diverged" in words


def test_it_says_what_was_wanted_of_how_many_and_what_was_stopped(hunt_page):
    words = " ".join(hunt_page().split())
    assert "Which configurations are healthiest?" in words
    assert (
        "|gain| (decades) as small as can be, mean over seeds. Of 3 trials, 1 of them stopped early, the healthiest:"
        in words
    )
    both = " ".join(hunt_page(objective=("gain", "exploding"), goal="worst").split())
    assert "|gain| (decades) as large as can be and exploding (decades) as large as can be" in both
    assert "no other beats in everything" in both


def test_every_trial_has_its_command_letter_by_letter(hunt_page):
    lines = [line.strip() for line in hunt_page().splitlines()]
    for trial in (0, 1):
        typed = ["python", "-m", "gradstudy", "+study=mine", "mode=trial", OVERRIDES[trial]]
        assert shlex.split(lines[lines.index(f"run trial {trial}") + 1]) == typed


@pytest.mark.parametrize(("phases", "said"), [(("hunt",), True), (("screen", "hunt"), False)])
def test_hunted_trials_are_said_to_rank_no_causes_where_nothing_else_does(hunt_page, phases, said):
    assert ("rank no causes" in " ".join(hunt_page(phases=phases).split())) == said


def test_a_trials_levels_are_those_that_live_in_it_without_what_was_counted():
    hunt = hunt_findings_of(run_of(objective=("exploding",)))
    rows = {row["trial"]: levels_of(row, hunt.objectives) for row in hunt.best.to_dict("records")}
    assert rows == {0: "activation=tanh", 1: "activation=relu, clipping.max_norm=0.123"}


def test_a_hunt_of_which_no_trial_was_finished_says_so(hunt_page):
    assert "None of the 1 trials" in hunt_page(members=HUNTED[4:])


COMMAND = (
    "python -m gradstudy +study=rnn_clip mode=trial model.width=16 task.length=30 activation=tanh init=identity "
    "init.gain=0.964438 clipping=value clipping.max_value=0.0677022 lr.value=0.00191958 optimizer=adam "
    "'task.path=/a folder/with blanks.csv'"
)
FOUND = Prescription(
    trial=7,
    levels={"activation": "sigmoid", "lr.value": 0.00191958, "optimizer": "sgd"},
    verdict="vanishing",
    changes={"activation": ("sigmoid", "relu"), "optimizer": ("sgd", "adam"), "optimizer.eps": (None, 0.001)},
    chance=0.93,
    chance_low=0.85,
    chance_high=0.98,
    support=Support(("activation", "optimizer"), 15, 14, 0.6805, 0.9983, 0.95),
    supported=True,
    command=COMMAND,
)
NONE = Prescription(
    trial=9,
    levels={"activation": "relu"},
    verdict="exploding",
    failing=2,
    seeds=2,
    reason=NoCure.NOTHING_DECIDES,
)


def as_a_shell_reads(command):
    """The words of a command, which is not carried out."""
    read = subprocess.run(["sh", "-c", f"printf '%s\\n' {command}"], capture_output=True, text=True, check=True)
    return read.stdout.splitlines()


@pytest.fixture
def advice(render):
    return render(advice_table([(FOUND, None), (NONE, None)], steps=20))


def test_every_failing_verdict_says_what_to_change_and_how_sure_that_is(advice):
    words = " ".join(advice.split())
    assert "Typical of vanishing: trial 7, activation=sigmoid, lr.value=0.00192, optimizer=sgd" in words
    change = "Change activation from sigmoid to relu, optimizer from sgd to adam (with optimizer.eps 0.001)."
    assert change in words
    assert "14 of 15 trials like it are well (95 % interval 68 to 100 %)." in words
    assert "a chance of 93 % (85 to 98) to be well on every seed." in words


def test_where_nothing_can_be_prescribed_the_page_says_why(advice):
    words = " ".join(advice.split())
    assert "Typical of exploding: trial 9, activation=relu" in words
    assert words.endswith(
        "Trial 9 is exploding: 2 of 2 seeds fail. Nothing can be prescribed: no factor is known to decide who is "
        "well; more trials may show it."
    )


def test_the_command_is_copied_from_the_page_as_it_was(advice):
    lines = advice.splitlines()
    start = next(place for place, line in enumerate(lines) if line.strip().startswith("python -m"))
    end = next(place for place in range(start, len(lines)) if not lines[place].endswith("\\"))
    assert end > start
    assert as_a_shell_reads("\n".join(lines[start : end + 1])) == shlex.split(COMMAND)


def test_the_advice_is_plain_text_of_80_columns(advice):
    assert max(map(len, advice.splitlines())) <= 80
    assert "\x1b" not in advice


def test_a_word_longer_than_a_line_stays_whole():
    long = "task.path=" + "x" * 100
    assert as_a_shell_reads(folded_command(f"python {long} seed=1")) == ["python", long, "seed=1"]


def test_what_is_certain_is_not_said_to_be_one_hundred_percent(render):
    sure = replace(FOUND, chance=1.0, chance_low=0.999, chance_high=1.0)
    words = " ".join(render(advice_table([(sure, None)], steps=20)).split())
    assert "a chance of at least 99 % to be well" in words


def test_a_level_with_brackets_is_shown_as_it_is(render):
    differs = {"task.path": ("[bold]a", "b")}
    odd = replace(NONE, levels={"task.path": "[red]a"}, nearest=3, differences=differs)
    words = " ".join(render(advice_table([(odd, None)], steps=20)).split())
    assert "task.path=[red]a" in words
    assert "task.path ([bold]a, there b)" in words


def test_the_last_page_of_a_launch_gives_the_advice(render, make_findings):
    members = pd.DataFrame({"trial": [0], "vanishing": [4.0], "exploding": [0.0], "verdict": ["vanishing"]})
    assert "What should be changed?" in render(summary(make_findings(members, prescriptions=(FOUND,))))
    assert "What should be changed?" not in render(summary(make_findings(members)))


def test_a_guess_is_called_a_guess(render):
    few = Support(("activation",), 0, 0, 0.0, 1.0, 0.95)
    guess = replace(FOUND, supported=False, support=few)
    words = " ".join(render(advice_table([(guess, None)], steps=20)).split())
    assert "Nothing is sure enough to be prescribed. A guess worth trying: change activation from" in words
    assert "No stored trial is like it." in words
    assert "a chance of" not in words, "nothing bears it out"


def test_what_was_tried_is_told_in_place_of_what_is_predicted(render):
    words = " ".join(render(advice_table([(FOUND, CONFIRMED), (NONE, FAILED)], steps=20)).split())
    assert "Confirmed: change activation from sigmoid to relu, lr.value from 0.5 to 0.001: 8 of 8 fresh" in words
    assert "Taken back one by one: without that of activation" in words
    assert "trial=1000004" in words
    assert "No cure is confirmed" in words
    assert "The surrogate gives" not in words


@pytest.mark.parametrize(("steps", "way_on"), [(20, True), (0, False)])
def test_a_prediction_is_called_one_and_what_tries_it_is_said_where_networks_are_trained(render, steps, way_on):
    words = " ".join(render(advice_table([(FOUND, None)], steps=steps)).split())
    assert "That is a prediction: nobody has run it." in words
    assert ("confirm.cures=3 tries it on fresh seeds" in words) == way_on


def test_where_nothing_was_worth_a_try_no_networks_are_counted(render):
    nothing = replace(FAILED, after=None, tried=(), reason=NoConfirmation.NOTHING_TO_TRY)
    page = render(advice_table([(FOUND, nothing)], steps=20))
    assert "nothing to try" in page
    assert "0 configurations" not in page
