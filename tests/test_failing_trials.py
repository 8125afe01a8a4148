"""Trials that cannot be trained: they fail alone, are told everywhere, count in nothing, and can be tried again."""

import signal
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient
from support.breaking import HOW
from support.command import in_process, in_shell

import gradstudy
from gradstudy.tracking.store import Mlflow, connect

REASON = "ValueError: too steep"
SMALL = [
    *(
        "name=failing",
        "model=mlp",
        "task=line",
        "model.depth=2",
        "model.width=4",
        "allow=[support]",
        "activation=breaking",
    ),
    *("+space.activation.slope=interval(0.5,1.5)", "+space.init.gain=interval(0.5,2)"),
    *("budget.trials=16", "budget.seeds=2", "budget.steps=3", "analysis.draws=32", "confirm.cures=0"),
]
INLINE = [*SMALL, "execution=inline"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where a study with the activation is run, and read."""
    (tmp_path / "conf/activation").mkdir(parents=True)
    (tmp_path / "conf/activation/breaking.yaml").write_text("_target_: support.breaking.Breaking\nslope: 1.0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(HOW, "raise")
    return tmp_path


def launched(folder, *overrides, code=0, by=in_process):
    done = by(["--config-dir", str(folder / "conf"), *overrides], folder)
    assert done.code == code, done
    assert "Traceback" not in done.message
    return done


def steep(run):
    """The trials that ought to fail, by what they were to be."""
    trials = {**{n: run.stored.trial(n) for n in run.members["trial"].unique()}}
    assert all(trial.levels["activation.slope"] <= 1.0 for trial in trials.values())
    return set(range(16)) - set(trials)


def test_a_part_with_a_bug_fails_its_trials_and_the_study_goes_on_to_the_end(folder, monkeypatch):
    done = launched(folder, *INLINE, "report=page.html")
    run = gradstudy.load_study("failing")
    failed = run.failed
    assert set(failed) == steep(run)
    assert 4 < len(failed) < 12
    told = " ".join(done.page.split())
    assert f"16/16 trials ({len(failed)} failed)" in told
    assert f"{len(failed)} trials could not be trained and count in nothing: {REASON}" in told
    assert done.page.count(f"failed: {REASON}") == 1  # as it happens, each reason once
    assert REASON in Path("page.html").read_text(encoding="utf-8")
    client = connect(Mlflow())
    runs = {int(r.data.tags["trial"]): r for r in client.search_runs(["1"], "tags.kind = 'trial'")}
    for number, reason in failed.items():
        assert runs[number].info.status == "FAILED"
        first, line = runs[number].data.tags["failure"].splitlines()
        assert (first, reason) == (REASON, runs[number].data.tags["failure"])
        assert line.endswith('breaking.py:25, in __call__: raise ValueError("too steep")')
    assert {r.info.status for n, r in runs.items() if n not in failed} == {"FINISHED"}
    assert set(run.rank("vanishing").table["factor"]) >= {"init.gain"}
    _again_and_mended(folder, monkeypatch, run)


def _again_and_mended(folder, monkeypatch, run):
    """The same command tries nothing again, retry=failed does; then all is as if nothing had ever failed."""
    again = launched(folder, *INLINE)
    assert "members/s" not in again.page
    assert f"16/16 trials ({len(run.failed)} failed)" in again.page
    monkeypatch.delenv(HOW)
    mended = launched(folder, *INLINE, "retry=failed")
    assert "16/16 trials," in mended.page
    assert "could not be trained" not in mended.page
    whole = gradstudy.load_study("failing")
    assert not whole.failed
    (undisturbed := folder / "undisturbed").mkdir()
    launched(folder, *INLINE, f"tracking.uri=sqlite:///{undisturbed}/mlflow.db", "name=undisturbed")
    other = gradstudy.load_study("undisturbed", [f"tracking.uri=sqlite:///{undisturbed}/mlflow.db"])
    pd.testing.assert_frame_equal(whole.members, other.members, check_exact=True)
    assert len(connect(Mlflow()).search_runs(["1"], "tags.kind = 'trial'")) == 16


@pytest.mark.parametrize("search", [pytest.param("tpe", marks=pytest.mark.slow), "screen_then_hunt"])
def test_where_no_trial_works_it_is_said_once_and_nothing_is_stored(folder, monkeypatch, search):
    bad = [*INLINE, f"search={search}", "space.activation.slope=interval(1.1,1.5)"]
    done = launched(folder, *bad, code=2)
    asked = 8 if search == "screen_then_hunt" else 16  # nobody hunts where nothing is known
    assert f"None of {asked} trials could be trained, each for the same reason, and none is stored" in done.message
    assert REASON in done.message
    assert MlflowClient().search_runs(["1"], "tags.kind = 'trial'") == []
    monkeypatch.delenv(HOW)
    launched(folder, *bad)
    assert len(gradstudy.load_study("failing").trials) == 16


def test_a_hunt_tells_optuna_of_failed_trials_and_goes_on_without_them(folder):
    launched(folder, *INLINE, "search=tpe", "search.batch=4")
    run = gradstudy.load_study("failing")
    assert set(run.failed) == steep(run)
    assert run.failed
    assert not set(run.best(16)["trial"]) & set(run.failed)


@pytest.mark.slow
def test_what_waits_on_disk_knows_failed_trials_too(folder):
    launched(folder, *INLINE, "tracking.uri=http://127.0.0.1:9", code=3)
    done = launched(folder, *INLINE, "tracking.uri=http://127.0.0.1:9", code=3)
    assert "members/s" not in done.page
    assert "failed)" in done.page


def test_retry_takes_one_word(folder):
    assert "retry must be failed" in launched(folder, *INLINE, "retry=all", code=2).message


def test_a_trial_that_is_tried_again_does_not_change_where_was_hunted(folder, monkeypatch):
    hunted = [*INLINE, "search=screen_then_hunt", "search.hunt=random"]
    launched(folder, *hunted)
    assert gradstudy.load_study("failing").failed
    monkeypatch.delenv(HOW)
    launched(folder, *hunted, "retry=failed")
    assert len(gradstudy.load_study("failing").trials) == 16


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_level_that_always_kills_its_worker_costs_its_trials_only(folder, monkeypatch, number):
    monkeypatch.setenv(HOW, str(int(number)))
    monkeypatch.setenv("PYTHONPATH", f"{Path(__file__).parent}:{Path(__file__).parent.parent}")
    launched(folder, *SMALL, "execution.workers=2", by=in_shell)
    run = gradstudy.load_study("failing")
    assert set(run.failed) == steep(run)
    assert all(f"signal {int(number)}" in reason for reason in run.failed.values())
