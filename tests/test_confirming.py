"""Cures tried at the end of a launch: stopped and continued, added later, extended, off; and counted nowhere else."""

from itertools import count

import pandas as pd
import pytest
from mlflow import MlflowClient

import gradstudy
from gradstudy.analysis.cure.acceptance import exploring_seeds
from gradstudy.analysis.cure.cure import Purpose
from gradstudy.cli import print_mode
from gradstudy.configs.composition import hydra_ready
from gradstudy.records import CONFIRM, CONFIRM_FROM
from gradstudy.report.answer import answer_sentences
from gradstudy.report.findings import findings_of
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
def launch(store, tmp_path_factory):
    """Runs a study in this process, each name in a folder of its own, where it is gone on with."""
    folders = {}

    def launched(name, *overrides, trials=TRIALS):
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("MLFLOW_TRACKING_URI", raising=False)
            patch.chdir(folders.setdefault(name, tmp_path_factory.mktemp(name)))
            return gradstudy.run_study([*STUDY, f"budget.trials={trials}", f"name={name}", store, *overrides])

    return launched


@pytest.fixture(scope="module")
def undisturbed(launch):
    return launch("undisturbed")


@pytest.fixture
def stored(monkeypatch):
    """The numbers of the trials that are stored from now on; a driver may be gone before it stores one more."""
    numbers, write = [], StudyWriter.write

    def watched(self, result):
        if len(numbers) == watched.last:
            raise Stopped
        write(self, result)
        numbers.append(result.trial.number)

    watched.last = None
    monkeypatch.setattr(StudyWriter, "write", watched)
    return numbers, watched


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


@pytest.mark.parametrize("last", [0, 3])
def test_a_driver_that_is_gone_while_it_tries_cures_is_continued_with_the_same_trials(
    undisturbed, launch, stored, last
):
    numbers, watched = stored
    watched.last = TRIALS + last
    with pytest.raises(Stopped):
        launch(f"gone{last}")
    assert sum(number >= CONFIRM_FROM for number in numbers) == last
    before, watched.last = list(numbers), None
    run = launch(f"gone{last}")
    assert not set(before) & set(numbers[len(before) :])
    same(run, undisturbed)
    assert run.cures == tuple(undisturbed.cures)


def test_a_study_stored_without_them_gets_them_from_the_same_command_and_is_not_run_again(
    undisturbed, without, launch, stored
):
    numbers, _ = stored
    begun = len(numbers)
    run = launch("without")
    assert min(numbers[begun:]) == CONFIRM_FROM
    same(run, undisturbed)
    begun = len(numbers)
    assert launch("without").cures == tuple(undisturbed.cures)
    assert len(numbers) == begun


def test_an_extended_study_asks_anew_and_keeps_what_was_tried(undisturbed, launch):
    run = launch("without", trials=TRIALS + 8)  # which has its cures by now
    assert set(run.tried["trial"]) >= set(undisturbed.tried["trial"])
    assert run.searched["trial"].nunique() == TRIALS + 8
    known = run.members[run.members["trial"].isin(undisturbed.members["trial"])]
    pd.testing.assert_frame_equal(known.reset_index(drop=True), undisturbed.members, check_exact=True)


def test_a_stored_configuration_is_cured_on_request_and_not_twice(undisturbed, store, stored, workplace):
    numbers, _ = stored
    run = gradstudy.load_study("undisturbed", [store])
    vanishing = run.searched.loc[run.searched["verdict"] == "vanishing", "trial"]
    wanted = next(int(trial) for trial in vanishing if trial not in {one.trial for one in run.cures})
    assert run.prescribe(trial=wanted) == run.prescribe(trial=wanted)
    found = run.prescribe(trial=wanted, confirm=True)
    assert numbers
    assert found.trial == wanted
    assert found.before.seeds == 4
    assert len(found.tried) >= len(numbers)  # what another start had asked for is known
    begun = len(numbers)
    again = gradstudy.load_study("undisturbed", [store])
    assert again.prescribe(trial=wanted, confirm=True) == found
    assert again.cures == tuple(run.cures)
    assert len(numbers) == begun
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
    monkeypatch.setattr("gradstudy.study._fits", lambda composer, levels: False)
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
