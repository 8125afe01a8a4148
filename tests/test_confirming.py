"""Cures tried at the end of a launch: stopped and continued, added later, extended, off; and counted nowhere else."""

import signal
from contextlib import contextmanager
from functools import cache
from itertools import count

import pandas as pd
import pytest
from mlflow import MlflowClient
from support.command import in_process

import gradstudy
from gradstudy import confirming
from gradstudy.analysis.cure.acceptance import exploring_seeds
from gradstudy.analysis.cure.cure import NoConfirmation, Purpose
from gradstudy.cli import print_mode
from gradstudy.configs.composition import hydra_ready
from gradstudy.records import CONFIRM, CONFIRM_FROM
from gradstudy.report.answer import answer_sentences
from gradstudy.report.findings import findings_of
from gradstudy.tracking import publication, spool, study_run, whole_run, writer
from gradstudy.tracking.writer import StudyWriter

SEEDS, TRIALS, FRESH = 2, 14, 4
STUDY = [
    *("model=mlp", "task=line", "model.depth=8", "model.width=8", "optimizer=adam", "lr.value=0.01"),
    *("+space.activation=choice(sigmoid,tanh)", "+space.init.gain=tag(log,interval(0.2,2.0))"),
    *(f"budget.seeds={SEEDS}", "budget.steps=30", "confirm.cures=2", f"confirm.seeds={FRESH}"),
    *("execution=inline", "analysis.draws=32", "analysis.responses=[vanishing]"),
]
"""Half of its trials vanish, of sigmoids or of small gains, and learn nothing."""


class Stopped(BaseException):
    """The driver is gone."""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """One MLflow store for all: making one takes longer than these studies."""
    return f"tracking.uri=sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a study, where it is gone on with, by its name."""
    return cache(tmp_path_factory.mktemp)


@pytest.fixture(scope="module")
def launch(store, folder):
    """Runs a study in this process."""

    def launched(name, *overrides, trials=TRIALS):
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("MLFLOW_TRACKING_URI", raising=False)
            patch.chdir(folder(name))
            return gradstudy.run_study([*STUDY, f"budget.trials={trials}", f"name={name}", store, *overrides])

    return launched


@pytest.fixture(scope="module")
def undisturbed(launch):
    return launch("undisturbed")


@pytest.fixture
def stored(monkeypatch):
    """The numbers of the trials that are stored from now on."""
    numbers, write = [], StudyWriter.write

    def watched(self, result):
        write(self, result)
        numbers.append(result.trial.number)

    monkeypatch.setattr(StudyWriter, "write", watched)
    return numbers


def gone_at(monkeypatch, launched, where, name, call):
    """A driver that is gone when this is called for the so-manieth time, and stores nothing any more."""
    calls, original = count(1), getattr(where, name)

    def dying(*arguments, **options):
        if next(calls) == call:
            raise Stopped
        return original(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(where, name, dying)
        patch.setattr(StudyWriter, "__exit__", lambda self, kind, error, trace: self.finish() if kind is None else None)
        with pytest.raises(Stopped):
            launched()


@contextmanager
def mlflow_away(monkeypatch, calls=0):
    """No writer that begins inside, but for the first so many, finds MLflow."""
    left, there = iter(range(calls)), writer.connect

    def connect(settings):
        if next(left, None) is None:
            raise OSError("nobody there")
        return there(settings)

    with monkeypatch.context() as patch:
        patch.setattr(writer, "connect", connect)
        yield


def same(run, other):
    columns = [name for name in other.members if name != "first_bad_tensor"]
    pd.testing.assert_frame_equal(run.members[columns], other.members[columns], check_exact=True)


def numbers_of(run, levels):
    """The trials of these levels that were run to try cures."""
    same_levels = (run.tried[list(levels)] == pd.Series(dict(levels))).all(axis=1)
    return {int(number) for number in run.tried.loc[same_levels, "trial"]}


def test_cures_are_trials_of_a_phase_of_their_own_on_seeds_that_the_study_had_not_used(undisturbed):
    tried = undisturbed.trials[undisturbed.trials["phase"] == CONFIRM]
    assert list(tried["trial"]) == [number for number, _ in zip(count(CONFIRM_FROM), tried["trial"], strict=False)]
    assert undisturbed.tried["seed"].min() == SEEDS
    assert undisturbed.info.phases == ("screen", CONFIRM)
    (found,) = [cure for cure in undisturbed.cures if cure.verdict == "vanishing"]
    assert found.confirmed, found.note
    assert (found.before.well, found.after.well, found.after.seeds) == (0, 4, 4)


def test_what_was_confirmed_is_what_is_stored_and_runs_again_bit_for_bit(undisturbed):
    (found,) = [cure for cure in undisturbed.cures if cure.verdict == "vanishing"]
    number = max(numbers_of(undisturbed, found.levels))
    own = undisturbed.tried[undisturbed.tried["trial"] == number]
    assert (own["verdict"] == "healthy").all()
    assert tuple(undisturbed.overrides(number)) == found.overrides
    again = gradstudy.measure(found.overrides, seeds=int(own["seed"].max()) + 1).members
    again = again[again["seed"].isin(own["seed"])]
    for name in ("vanishing", "exploding", "learned", "gain"):
        assert list(again[name]) == list(own[name])


@pytest.fixture(scope="module")
def without(launch):
    """The same study before it tries cures, as it was read then."""
    run = launch("without", "confirm.cures=0")
    assert len(run.members) == SEEDS * TRIALS
    return run


def test_they_count_nowhere_else(undisturbed, without):
    assert undisturbed.searched["trial"].max() == TRIALS - 1
    pd.testing.assert_frame_equal(undisturbed.searched, without.members, check_exact=True)
    ranked = undisturbed.rank("vanishing").table
    pd.testing.assert_frame_equal(ranked, without.rank("vanishing").table, check_exact=True)
    pd.testing.assert_frame_equal(undisturbed.best(), without.best(), check_exact=True)
    assert answer_sentences(findings_of(undisturbed))[:2] == answer_sentences(findings_of(without))[:2]
    assert without.cures == ()


def test_ctrl_c_while_cures_are_tried_says_how_to_go_on_and_ends_with_130(store, folder, stored, monkeypatch):
    written = StudyWriter.write

    def interrupted(self, result):
        written(self, result)
        if stored.count(CONFIRM_FROM):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(StudyWriter, "write", interrupted)
    done = in_process([*STUDY, f"budget.trials={TRIALS}", "name=gone", store], folder("gone"))
    assert done.code == 130
    assert "Everything finished so far is stored; go on with: python -m gradstudy model=mlp" in done.message
    assert CONFIRM_FROM in gradstudy.load_study("gone", [store]).tried["trial"].tolist()


@pytest.mark.slow
def test_a_driver_that_is_killed_again_and_again_while_it_tries_cures_ends_with_the_same_trials_and_cures(
    undisturbed, launch, stored, monkeypatch
):
    """It goes on with what was interrupted; at every launch the driver is gone a little later."""
    moments = [
        (study_run, "send_trial", 2),  # a record is on disk, MLflow has no run of it
        (whole_run, "insert", 4),  # the run's files are there, and no run
        (confirming, "replay", 3),  # between two rounds
        (spool.Spool, "remove", 2),  # all is in MLflow, and part of it on disk as well
        (publication, "attach", 1),  # all is stored but the page
    ]
    for moment in moments:
        gone_at(monkeypatch, lambda: launch("gone"), *moment)
    run = launch("gone")
    assert len(stored) == len(set(stored))
    same(run, undisturbed)
    assert run.cures == tuple(undisturbed.cures)
    assert run.report.endswith("report.html")


def test_a_study_stored_without_them_gets_them_from_the_same_command_and_nothing_is_run_again(
    undisturbed, without, launch, stored, monkeypatch
):
    with mlflow_away(monkeypatch, calls=1), pytest.raises(gradstudy.errors.TrackingAway, match="safe in"):
        launch("without")  # the screen is there, and MLflow is not while cures are tried
    assert min(stored) == CONFIRM_FROM
    begun = len(stored)
    run = launch("without")
    same(run, undisturbed)
    assert run.cures == tuple(undisturbed.cures)
    assert len(stored) == begun


def test_an_extended_study_asks_anew_and_keeps_what_was_tried(undisturbed, without, launch):
    launch("without")
    run = launch("without", trials=TRIALS + 8)
    assert run.rank("vanishing").trials == TRIALS + 8
    assert {one.trial for one in run.cures} <= {*run.searched["trial"]}
    assert set(run.tried["trial"]) >= set(undisturbed.tried["trial"])
    assert run.searched["trial"].nunique() == TRIALS + 8
    known = run.members[run.members["trial"].isin(undisturbed.members["trial"])]
    pd.testing.assert_frame_equal(known.reset_index(drop=True), undisturbed.members, check_exact=True)


def test_a_stored_configuration_is_cured_on_request_and_not_twice(undisturbed, store, stored, workplace, monkeypatch):
    run = gradstudy.load_study("undisturbed", [store])
    vanishing = run.searched.loc[run.searched["verdict"] == "vanishing", "trial"]
    wanted = next(int(trial) for trial in vanishing if trial not in {one.trial for one in run.cures})
    assert run.prescribe(trial=wanted) == run.prescribe(trial=wanted)
    gone_at(monkeypatch, lambda: run.prescribe(trial=wanted, confirm=True), StudyWriter, "write", 2)
    with mlflow_away(monkeypatch), pytest.raises(gradstudy.errors.TrackingAway, match="safe in"):
        run.prescribe(trial=wanted, confirm=True)
    begun = len(stored)
    found = run.prescribe(trial=wanted, confirm=True)
    assert begun == len(stored) == len(set(stored)) > 1
    assert found.trial == wanted
    assert found.before.seeds == 4
    assert found.reason != NoConfirmation.NOT_OVER
    assert len(found.tried) >= len(stored)  # what another start had asked for is known
    again = gradstudy.load_study("undisturbed", [store])
    assert again.prescribe(trial=wanted, confirm=True) == found
    assert again.cures == tuple(run.cures)
    assert len(stored) == begun
    assert again.report.endswith("report.html")


def test_what_makes_another_study_now_is_refused(undisturbed, store, workplace):
    run = gradstudy.load_study("undisturbed", [store])
    run.info.settings.clear()
    object.__setattr__(run.info, "command", f"{run.info.command} budget.steps=41")
    with pytest.raises(gradstudy.InputError, match="makes another study now"):
        run.prescribe(confirm=True)
    object.__setattr__(run.info, "command", "python -m gradstudy --config-dir mine +study=mine")
    with pytest.raises(gradstudy.InputError, match="because of --config-dir"):
        run.prescribe(confirm=True)


def test_levels_that_do_not_go_together_end_their_confirmation_and_not_the_study(launch, monkeypatch):
    monkeypatch.setattr("gradstudy.confirming._fits", lambda composer, levels: False)
    run = launch("unfit")
    assert run.tried.empty
    assert not any(cure.confirmed for cure in run.cures)


def test_mlflow_names_them_apart_and_counts_them_apart(undisturbed, store):
    client = MlflowClient(store.partition("=")[2])
    study = client.get_run(undisturbed.stored.run_id)
    assert study.data.tags["phase"] == "screen then confirm"
    assert study.data.metrics["trials"] == TRIALS
    assert study.data.metrics["confirm/trials"] >= undisturbed.tried["trial"].nunique()  # more were asked for since
    assert study.data.metrics["members/healthy"] == (undisturbed.searched["verdict"] == "healthy").sum()
    assert "Confirmed: change" in study.data.tags["mlflow.note.content"]
    below = client.search_runs([study.info.experiment_id], "tags.phase = 'confirm'")
    assert {run.info.run_name: run.data.tags["trial"] for run in below}["cure 00000"] == str(CONFIRM_FROM)


def test_the_note_of_a_trial_names_the_fresh_seeds_that_it_ran_on(undisturbed, store):
    client = MlflowClient(store.partition("=")[2])
    below = client.search_runs([client.get_run(undisturbed.stored.run_id).info.experiment_id], "tags.phase = 'confirm'")
    notes = {int(run.data.tags["trial"]): run.data.tags["mlflow.note.content"] for run in below}
    (found,) = [cure for cure in undisturbed.cures if cure.verdict == "vanishing"]
    proposed = next(one for one in found.tried if one.purpose == Purpose.PROPOSED)
    (before,) = numbers_of(undisturbed, found.start)
    few = exploring_seeds(FRESH)  # the first fresh ones; those that confirm follow
    exploring = f"on the fresh seeds {SEEDS} to {SEEDS + few - 1}."
    confirming = f"on the fresh seeds {SEEDS + few} to {SEEDS + few + FRESH - 1}."
    assert exploring in notes[min(numbers_of(undisturbed, proposed.levels))]
    assert confirming in notes[before]
    assert confirming in notes[max(numbers_of(undisturbed, found.levels))]


def test_of_a_hunt_behind_a_screen_cures_know_the_screen_alone_and_its_trials_are_no_cures(launch):
    run = launch("hunted", "search=screen_then_hunt", "confirm.cures=1", "confirm.seeds=2", trials=16)
    assert run.info.phases == ("screen", "hunt", CONFIRM)
    assert run.searched.drop_duplicates("trial")["phase"].value_counts().to_dict() == {"screen": 8, "hunt": 8}
    assert not run.tried.empty
    assert {one.trial for one in run.cures} <= set(run.screened["trial"])
    assert run.rank("vanishing").trials == 8
    assert set(run.best(100)["trial"]) <= set(range(16))
    hunted = run.prescribe(trial=15)
    assert hunted.trial == 15
    again = launch("hunted", "search=screen_then_hunt", "confirm.cures=1", "confirm.seeds=2", trials=16)
    pd.testing.assert_frame_equal(again.members, run.members, check_exact=True)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ([], "then cures are tried on fresh seeds"),
        (["confirm.cures=0"], "none are tried (confirm.cures=0)"),
        (["search=tpe"], "none are tried: what would cure a failing trial is learned from trials that were drawn"),
        (["budget.steps=0"], "none are tried: a cure must learn, and nothing is trained"),
    ],
)
def test_a_plan_says_what_trying_costs_or_why_it_is_not_done(workplace, capsys, overrides, words):
    with hydra_ready():
        print_mode("plan", [*STUDY, "name=planned", "budget.trials=8", *overrides])
    assert words in " ".join(capsys.readouterr().out.split())


def test_a_report_replays_what_was_tried(undisturbed, store, workplace, capsys):
    print_mode("report", [*STUDY, f"budget.trials={TRIALS}", "name=undisturbed", store])
    page = " ".join(capsys.readouterr().out.split())
    assert "Confirmed: change" in page
    assert "4 of 4 fresh seeds well" in page
