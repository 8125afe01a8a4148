"""The page's advice: readable at 80 columns, and a command that survives being copied."""

import shlex
import subprocess
from dataclasses import replace

import pandas as pd
import pytest

from gradstudy.analysis.prescription.neighbours import Support
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.conclusions import NoCure
from gradstudy.report.terminal.study.summary import folded_command, prescription_table, summary

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
def page(render):
    return render(prescription_table([FOUND, NONE]))


def test_every_failing_verdict_says_what_to_change_and_how_sure_that_is(page):
    words = " ".join(page.split())
    assert "Typical of vanishing: trial 7, activation=sigmoid, lr.value=0.00192, optimizer=sgd" in words
    change = "Change activation from sigmoid to relu, optimizer from sgd to adam (with optimizer.eps 0.001)."
    assert change in words
    assert "14 of 15 trials like it are healthy (95 % interval 68 to 100 %)." in words
    assert "a chance of 93 % (85 to 98) to be healthy on every seed." in words


def test_where_nothing_can_be_prescribed_the_page_says_why(page):
    words = " ".join(page.split())
    assert "Typical of exploding: trial 9, activation=relu" in words
    assert words.endswith(
        "Trial 9 is exploding: 2 of 2 seeds fail. Nothing can be prescribed: no factor is known to decide who is "
        "healthy; more trials may show it."
    )


def test_the_command_is_copied_from_the_page_as_it_was(page):
    lines = page.splitlines()
    start = next(place for place, line in enumerate(lines) if line.strip().startswith("python -m"))
    end = next(place for place in range(start, len(lines)) if not lines[place].endswith("\\"))
    assert end > start
    assert as_a_shell_reads("\n".join(lines[start : end + 1])) == shlex.split(COMMAND)


def test_the_advice_is_plain_text_of_80_columns(page):
    assert max(map(len, page.splitlines())) <= 80
    assert "\x1b" not in page


def test_a_word_longer_than_a_line_stays_whole():
    long = "task.path=" + "x" * 100
    assert as_a_shell_reads(folded_command(f"python {long} seed=1")) == ["python", long, "seed=1"]


def test_what_is_certain_is_not_said_to_be_one_hundred_percent(render):
    sure = replace(FOUND, chance=1.0, chance_low=0.999, chance_high=1.0)
    words = " ".join(render(prescription_table([sure])).split())
    assert "a chance of at least 99 % to be healthy" in words


def test_a_level_with_brackets_is_shown_as_it_is(render):
    differs = {"task.path": ("[bold]a", "b")}
    odd = replace(NONE, levels={"task.path": "[red]a"}, nearest=3, differences=differs)
    words = " ".join(render(prescription_table([odd])).split())
    assert "task.path=[red]a" in words
    assert "task.path ([bold]a, there b)" in words


def test_the_last_page_of_a_launch_gives_the_advice(render, make_findings):
    members = pd.DataFrame({"trial": [0], "vanishing": [4.0], "exploding": [0.0], "verdict": ["vanishing"]})
    assert "What should be changed?" in render(summary(make_findings(members, prescriptions=(FOUND,))))
    assert "What should be changed?" not in render(summary(make_findings(members)))


def test_a_guess_is_called_a_guess(render):
    few = Support(("activation",), 0, 0, 0.0, 1.0, 0.95)
    guess = replace(FOUND, supported=False, support=few)
    words = " ".join(render(prescription_table([guess])).split())
    assert "Nothing is sure enough to be prescribed. A guess worth trying: change activation from" in words
    assert "No stored trial is like it. The surrogate gives it" in words
