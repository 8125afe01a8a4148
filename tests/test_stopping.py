"""Signals that end a launch: what each does, when, and that it touches nobody else's."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from itertools import count

import pandas as pd
import pytest
from support.command import in_process

import gradstudy
from gradstudy import stopping
from gradstudy.disk import Unwritten
from gradstudy.errors import Stopped
from gradstudy.execution import trainer
from gradstudy.stopping import STOPPING, caught, raising, shielded
from gradstudy.tracking.store import Mlflow, connect
from gradstudy.tracking.writer import StudyWriter
from gradstudy.training.engine import train

every_signal = pytest.mark.parametrize("number", STOPPING, ids=lambda number: number.name)
TINY = [
    *("name=stopped", "model=mlp", "task=line", "model.depth=2", "model.width=4", "+space.init.gain=interval(0.5,2)"),
    *("budget.trials=12", "budget.seeds=2", "budget.steps=3", "analysis.draws=32", "confirm.cures=0"),
    *("execution=inline", "execution.cohort_size=8"),
]
"""Three cohorts of four trials."""


class Ended(BaseException):
    """The process, in whose place this comes."""


@pytest.fixture
def ends(monkeypatch):
    """What a process that was ended at once said, and its exit code."""
    codes, said = [], []

    def end(code):
        codes.append(code)
        raise Ended

    monkeypatch.setattr(stopping.os, "_exit", end)
    monkeypatch.setattr(stopping, "_say", said.append)
    monkeypatch.setattr(stopping, "TOGETHER", 0.0)
    monkeypatch.setattr(stopping._Told, "times", 0)
    return codes, said


@every_signal
def test_while_a_study_runs_a_signal_raises_stopped_with_its_number(number):
    with pytest.raises(Stopped) as stop, caught(), raising():
        signal.raise_signal(number)
    assert stop.value.number == number


@every_signal
def test_while_nothing_is_stored_it_ends_the_process_at_once_in_a_line(ends, number):
    with suppress(Ended), caught():
        signal.raise_signal(number)
    told = "Interrupted" if number == signal.SIGINT else f"Stopped by {number.name}"
    assert ends == ([128 + number], [f"{told}; nothing was being stored."])


def test_what_is_being_stored_is_stored_as_a_whole():
    done = []

    def store():
        with shielded():
            with shielded():
                signal.raise_signal(signal.SIGTERM)
                done.append("inner")
            done.append("outer")
        done.append("never")

    with pytest.raises(Stopped), caught(), raising():
        store()
    assert done == ["inner", "outer"]


def test_a_second_signal_waits_and_a_third_does_not(ends):
    codes, said = ends
    done = []
    with suppress(Ended, Stopped), caught(), raising(), shielded():
        signal.raise_signal(signal.SIGTERM)
        done.append(1)
        signal.raise_signal(signal.SIGINT)
        done.append(2)
        signal.raise_signal(signal.SIGTERM)
        done.append(3)
    assert done == [1, 2]
    assert codes == [128 + signal.SIGTERM]
    assert ["as soon as what is done is stored" in words for words in said] == [True, True, False]


def test_signals_that_come_together_are_one(ends, monkeypatch):
    monkeypatch.setattr(stopping, "TOGETHER", 60.0)
    with suppress(Stopped), caught(), raising(), shielded():
        for _ in range(5):
            signal.raise_signal(signal.SIGHUP)
    assert ends == ([], ["Stopping as soon as what is done is stored."])


def test_what_foreign_code_made_of_a_signal_is_told_as_what_it_was():

    def import_numpy():
        try:
            signal.raise_signal(signal.SIGTERM)
        except BaseException as error:
            raise ImportError("numpy failed to import") from error

    with pytest.raises(Stopped), caught(), raising():
        import_numpy()


def test_what_could_not_be_stored_is_told_also_where_a_signal_waits():
    def store():
        with shielded():
            signal.raise_signal(signal.SIGTERM)
            raise Unwritten("no room")

    with pytest.raises(Unwritten, match="no room"), caught(), raising():
        store()


def test_handlers_come_back_and_what_is_ignored_stays_ignored():
    """As with nohup; and whoever calls run_study in a program of their own keeps what they have."""
    mine = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    before = [signal.getsignal(number) for number in STOPPING]
    try:
        with caught(), raising():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not before[1]
        assert [signal.getsignal(number) for number in STOPPING] == before
    finally:
        signal.signal(signal.SIGHUP, mine)


def test_the_package_and_the_answer_to_signals_are_there_before_anything_heavy():
    """Imports take seconds, in which a signal is one line and its exit code."""
    script = (
        "import sys, gradstudy.__main__ as door, gradstudy.stopping as s, signal\n"
        "assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n"
        "assert not {'torch', 'hydra', 'mlflow', 'numpy'} & set(sys.modules)\n"
        "class Slow:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'gradstudy.cli': signal.raise_signal(signal.SIGTERM)\n"
        "sys.meta_path.insert(0, Slow())\n"
        "door.enter()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (143, "gradstudy: Stopped by SIGTERM; nothing was being stored.\n")


@contextmanager
def signalled(monkeypatch, number, trial, cohort):
    """A signal comes while this trial is stored, slowly, and this cohort trained."""
    written, trained, training = StudyWriter.write, count(), threading.Event()

    def write(self, result):
        if result.trial.number == trial:
            training.wait()
            os.kill(os.getpid(), number)
            time.sleep(0.2)
        written(self, result)

    def train_until_it_comes(part):
        if next(trained) == cohort:
            training.set()
            time.sleep(60)
        return train(part)

    with monkeypatch.context() as patch, caught():
        patch.setattr(StudyWriter, "write", write)
        patch.setattr(trainer, "train", train_until_it_comes)
        yield


def test_a_study_that_is_stopped_stores_what_is_done_and_goes_on_to_the_same_members(tmp_path, monkeypatch):
    with signalled(monkeypatch, signal.SIGTERM, trial=5, cohort=2):
        done = in_process(TINY, tmp_path)
    assert done.code == 128 + signal.SIGTERM
    assert "Stopped by SIGTERM. Everything finished so far is stored; go on with: python -m gradstudy" in done.message
    monkeypatch.chdir(tmp_path)
    stopped = gradstudy.load_study("stopped")
    client = connect(Mlflow())
    assert client.get_run(stopped.stored.run_id).info.status == "KILLED"
    assert stopped.members["trial"].unique().tolist() == list(range(8))  # with all of the cohort that was being stored
    assert {run.info.status for run in client.search_runs(["1"], "tags.kind = 'trial'")} == {"FINISHED"}
    again = in_process(TINY, tmp_path)
    assert (again.code, "12/12 trials" in again.page) == (0, True)
    (undisturbed := tmp_path / "undisturbed").mkdir()
    assert in_process(TINY, undisturbed).code == 0
    whole = gradstudy.load_study("stopped", [f"tracking.uri=sqlite:///{undisturbed}/mlflow.db"])
    pd.testing.assert_frame_equal(gradstudy.load_study("stopped").members, whole.members, check_exact=True)
