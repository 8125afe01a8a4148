"""Hunts from the door to the last page: stopped and continued, pruned, staged behind a screen, never ranked."""

import subprocess
import sys
from contextlib import suppress

import optuna
import pandas as pd
import pytest
from mlflow import MlflowClient

import gradstudy
from gradstudy.cli import print_mode
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.planning import plan_study
from gradstudy.preparation import begun_before, fingerprint_of, prepare
from gradstudy.report.terminal.console import make_console
from gradstudy.report.terminal.plan_page import plan_page
from gradstudy.tracking.writer import StudyWriter

SPACE = {
    "init.gain": "interval(0.5,2)",
    "clipping": "choice(none,norm)",
    "clipping.max_norm": "tag(log,interval(0.1,10))",
    "activation": "choice(tanh,relu)",
}
TINY = ["budget.seeds=2", "budget.steps=2", "task.length=8", "model.width=4", "confirm.cures=0"]
SMALL = [*(f"+space.{name}={levels}" for name, levels in SPACE.items()), *TINY]
PRUNING = ["search.objective=exploding", "search.pruner=median"]
HUNTS = {
    "tpe": [*SMALL, "search=tpe", "search.batch=4", "budget.trials=14"],
    "pruned": [*SMALL, "search=random", "search.batch=8", *PRUNING, "budget.trials=24"],
    "staged": [*SMALL, "search=screen_then_hunt", "search.batch=4", "search.goal=worst", "budget.trials=20"],
}


class Stopped(BaseException):
    """The driver is gone."""


def written(monkeypatch, last=None):
    """Which trials does a launch store, in that order? It may be gone before it stores one more than `last`."""
    numbers, write = [], StudyWriter.write

    def watched(self, result):
        if len(numbers) == last:
            raise Stopped
        write(self, result)
        numbers.append(result.trial.number)

    monkeypatch.setattr(StudyWriter, "write", watched)
    return numbers


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """One MLflow store for all: making one takes longer than these studies."""
    return f"tracking.uri=sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db"


@pytest.fixture
def launch(store, workplace, request):
    """Runs a study in this process, under a name of the test's own."""

    def launched(overrides):
        return gradstudy.run_study([*overrides, f"name={request.node.name[:60]}", "execution=inline", store])

    return launched


@pytest.fixture(scope="module")
def hunted(store, tmp_path_factory):
    """Undisturbed hunts by name: the run and the folder."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        for name, overrides in HUNTS.items():
            folder = tmp_path_factory.mktemp(name)
            patch.chdir(folder)
            found[name] = (gradstudy.run_study([*overrides, f"name={name}", "execution=inline", store]), folder)
    return found


def stopped_and_continued(monkeypatch, launch, overrides, stops):
    """What was stored by launches that were gone after so many trials, and by the last; and its run."""
    stored = []
    for last in (*stops, None):
        with monkeypatch.context() as patch:
            numbers = written(patch, last)
            with suppress(Stopped):
                run = launch(overrides)
            stored += numbers
    return stored, run


@pytest.mark.parametrize(("name", "stops"), [("pruned", (11,)), ("staged", (13,))])
def test_a_driver_that_is_stopped_is_continued_bit_for_bit_and_trains_no_trial_twice(
    hunted, launch, monkeypatch, name, stops
):
    stored, run = stopped_and_continued(monkeypatch, launch, HUNTS[name], stops)
    assert sorted(stored) == list(range(len(hunted[name][0].trials)))
    pd.testing.assert_frame_equal(run.members, hunted[name][0].members, check_exact=True)


def test_a_driver_that_is_killed_in_a_hunt_is_continued_bit_for_bit(hunted, store, workplace):
    script = (
        "import os, signal, sys, gradstudy\n"
        "from gradstudy.tracking.writer import StudyWriter\n"
        "from gradstudy.search.hunt.hunt import HuntTrials\n"
        "told = []\n"
        "def tell(self, number, rows, tell=HuntTrials.tell):\n"
        "    told.append(number)\n"
        "    len(told) == 7 and os.kill(os.getpid(), signal.SIGKILL)\n"
        "    tell(self, number, rows)\n"
        "HuntTrials.tell = tell\n"
        "gradstudy.run_study(sys.argv[1:])\n"
    )
    overrides = [*HUNTS["tpe"], "name=killed", "execution=inline", store]
    killed = subprocess.run([sys.executable, "-c", script, *overrides], capture_output=True, text=True, check=False)
    assert killed.returncode == -9, killed.stderr
    pd.testing.assert_frame_equal(gradstudy.run_study(overrides).members, hunted["tpe"][0].members, check_exact=True)


def test_the_screen_is_stopped_and_continued_without_skipping_or_repeating_a_row(store, workplace, monkeypatch):
    """With worker processes: they are handed cohorts, and the driver alone stores."""
    screen = [*SMALL, "name=screened", "execution.cohort_size=4", "budget.trials=12", store]
    stored, run = stopped_and_continued(monkeypatch, gradstudy.run_study, screen, (5,))
    assert sorted(stored) == list(range(12))
    with hydra_ready():
        design = {trial.number: dict(trial.levels) for trial in prepare(screen, "").preview}
    assert {number: dict(trial.levels) for number, trial in run.stored.trials().items()} == design


def test_a_finished_hunt_trains_nothing_and_an_extended_one_only_what_is_new(hunted, launch, monkeypatch):
    small = [*HUNTS["tpe"], "budget.trials=6"]
    numbers = written(monkeypatch)
    launch(small)
    launch(small)
    assert sorted(numbers) == list(range(6))
    run = launch(HUNTS["tpe"])
    assert sorted(numbers) == list(range(14))
    pd.testing.assert_frame_equal(run.members, hunted["tpe"][0].members, check_exact=True)


def test_a_hunt_is_not_ranked_and_says_the_way_out(hunted):
    run, _ = hunted["tpe"]
    with pytest.raises(gradstudy.InputError, match=r"hunted \(search=tpe\).*would mislead.*search=screen"):
        run.rank("vanishing")
    assert set(run.members["phase"]) == {"hunt"}


def test_the_best_trials_are_listed_with_what_counted(hunted):
    run, _ = hunted["pruned"]
    whole = run.members.groupby("trial").filter(lambda own: len(own) == 2)
    means = whole.groupby("trial")["exploding"].mean().sort_values(kind="stable")
    best = run.best(3)
    assert list(best["exploding"]) == list(means[:3])
    assert {"trial", "verdict", "n_diverged", "activation", "clipping.max_norm"} <= set(best.columns)


def test_pruned_trials_keep_the_seeds_they_have_and_are_marked(hunted):
    run, folder = hunted["pruned"]
    sizes = run.members.groupby("trial").size()
    pruned = set(sizes[sizes == 1].index)
    assert 0 < len(pruned) < 16
    client = MlflowClient(run.stored.uri)
    trials = client.search_runs([run.stored.experiment_id], "tags.kind = 'trial'")
    assert {int(one.data.tags["trial"]) for one in trials if one.data.tags.get("pruned") == "true"} == pruned
    assert {one.data.tags["phase"] for one in trials} == {"hunt"}
    (journal,) = folder.glob(".gradstudy/*/journal.log")
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(journal)))
    (name,) = optuna.get_all_study_names(storage)
    stored = optuna.load_study(study_name=name, storage=storage).trials
    assert {trial.number for trial in stored if trial.state.name == "PRUNED"} == pruned


def test_a_screen_before_a_hunt_is_the_plain_screen_and_alone_is_ranked(hunted, launch):
    run, _ = hunted["staged"]
    plain = launch([*SMALL, "budget.trials=10"])
    screened = run.members[run.members["phase"] == "screen"]
    pd.testing.assert_frame_equal(screened, plain.members, check_exact=True)
    pd.testing.assert_frame_equal(run.rank("exploding").table, plain.rank("exploding").table, check_exact=True)
    assert list(run.trials["phase"]) == ["screen"] * 10 + ["hunt"] * 10


def test_a_hunt_that_would_ask_other_trials_is_another_study():
    def fingerprint(*overrides):
        with hydra_ready():
            return fingerprint_of(Composer([*SMALL, *overrides]))

    hunt, staged = fingerprint("search=tpe"), fingerprint("search=screen_then_hunt")
    assert fingerprint("search=tpe", "budget.trials=21", "analysis.vanishing=2") == hunt
    assert len({hunt, staged, fingerprint("search=tpe", "analysis.cap=8"), fingerprint()}) == 4
    assert fingerprint("search=screen_then_hunt", "budget.trials=21") != staged


@pytest.mark.parametrize(("name", "ranks"), [("tpe", False), ("staged", True)])
def test_the_last_page_lists_the_best_and_how_to_run_them(hunted, store, capsys, name, ranks):
    run, _ = hunted[name]
    print_mode("report", [*HUNTS[name], f"name={name}", store])
    page = " ".join(capsys.readouterr().out.split())
    assert ("What makes" in page) == ranks
    assert ("rank no causes" in page) != ranks
    assert f"Which configurations are {'worst' if ranks else 'healthiest'}?" in page
    best = run.best().iloc[0]
    assert f"run trial {best['trial']} python -m gradstudy" in page
    assert f"mode=trial {' '.join(run.overrides(best['trial']))[:20]}" in page
    assert "members: healthy" in page


def test_a_plan_of_a_hunt_says_that_its_trials_are_chosen_later(workplace, capsys):
    with hydra_ready():
        plan = plan_study(prepare([*HUNTS["tpe"], "name=plan", "mode=plan"], ""))
    assert max(plan.cohorts) <= 4 * 2  # trained together are the trials of one batch
    make_console().print(plan_page(plan))
    page = " ".join(capsys.readouterr().out.split())
    assert "chosen 4 at a time by what came of those before" in page
    assert "14 trials x 2 seeds = 28 members" in page
    assert list(workplace.iterdir()) == []


def test_a_hunt_that_was_begun_under_the_older_default_of_its_batch_is_not_left_without_a_word(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    overrides = ["+space.init.gain=interval(0.5,2)", *TINY, "search=tpe", "budget.trials=20", "name=older"]
    with hydra_ready():
        older, now = prepare([*overrides, "search.batch=32"], ""), prepare(overrides, "")
        assert begun_before(now) == ""
        older.folder.mkdir(parents=True)
        assert begun_before(older) == ""
        assert "begun in batches of 32" in begun_before(now)
        assert plan_study(now).note.endswith("go on with the first by search.batch=32.")
        now.folder.mkdir()
        assert begun_before(now) == ""
