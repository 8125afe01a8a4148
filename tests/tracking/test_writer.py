"""A driver that is killed, interrupted or without a server: the next launch ends with the same study."""

import os
import re
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from support.made_trials import FACTORS, make_info, make_result, make_shown

from gradstudy.errors import InputError, TrackingAway
from gradstudy.locking.hold import Hold
from gradstudy.tracking import study_run, whole_run
from gradstudy.tracking.members_file import members_table
from gradstudy.tracking.reader import find_study
from gradstudy.tracking.runs import study_runs, trial_number, trial_runs
from gradstudy.tracking.store import Mlflow, connect
from gradstudy.tracking.writer import StudyWriter

pytestmark = pytest.mark.usefixtures("workplace")

NOWHERE = Mlflow("http://127.0.0.1:9")
ROOT = Path(__file__).parents[2]


def launch(tracking, name, numbers, **changes):
    """One launch: trains what is not stored yet. Gives back what it had to train."""
    writer = StudyWriter(tracking, make_info(name, **changes), Path("folder"), make_shown)
    missing = [number for number in numbers if number not in writer.stored()]
    with writer:
        for number in missing:
            writer.write(make_result(number))
    return missing


def launch_that_fails(tracking, name, error):
    with StudyWriter(tracking, make_info(name), Path("folder"), make_shown) as writer:
        writer.write(make_result(0))
        raise error


def undisturbed(numbers):
    return members_table({n: (make_result(n).trial, make_result(n).rows) for n in numbers}, FACTORS)


def assert_complete(store, name, numbers):
    """Exactly one run per trial, finished; the members of an undisturbed study; nothing waits on disk."""
    client = connect(store)
    experiment = client.get_experiment_by_name(name).experiment_id
    (study,) = study_runs(client, [experiment])
    runs = trial_runs(client, study)
    assert not client.search_runs([experiment], "attributes.status = 'RUNNING'", run_view_type=ViewType.ALL)
    assert sorted(map(trial_number, runs)) == list(numbers)
    assert {run.info.status for run in [study, *runs]} == {"FINISHED"}
    pd.testing.assert_frame_equal(find_study(name, store).members, undisturbed(numbers), check_exact=True)
    assert list(Path("folder/spool").glob("*")) == []


def test_an_undisturbed_study_is_stored_whole(store, name):
    assert launch(store, name, range(4)) == [0, 1, 2, 3]
    assert_complete(store, name, range(4))


def test_the_run_of_a_study_says_what_it_asks(store, name):
    launch(store, name, range(2))
    stored = find_study(name, store)
    run = connect(store).get_run(stored.run_id)
    assert {"question": "Does it?", "source": "Pascanu 2013", "phase": "screen"}.items() <= run.data.tags.items()
    assert "Does it?" in run.data.tags["mlflow.note.content"]
    assert run.data.params == {"design": "screen", "seeds": "3", "steps": "20", "seed": "0"}
    counts = {"trials": 2, "members/healthy": 2, "members/vanishing": 2, "members/diverged": 2}
    cost = {"cost/cohort_seconds": 2.0, "cost/recorder_share": 0.02, "cost/probes_share": 0.15}
    assert run.data.metrics == pytest.approx({**counts, **cost})


def test_the_cost_of_a_study_is_the_median_over_the_trials_of_all_its_launches(store, name):
    launch(store, name, range(2))
    launch(store, name, range(5))
    metrics = connect(store).get_run(find_study(name, store).run_id).data.metrics
    assert metrics["cost/probes_share"] == pytest.approx(0.3)


def test_a_store_that_is_not_there_is_made_behind_the_start_and_not_at_all_for_a_study_that_never_began(name):
    new = Mlflow(f"sqlite:///{Path.cwd()}/new.db")
    with Hold() as hold:
        writer = StudyWriter(new, make_info(name), Path("folder"), make_shown, hold)
        assert (writer.stored(), writer.blocks, writer.damage) == ({}, (), ())
        writer.__exit__(ZeroDivisionError, None, None)
    assert not Path("new.db").exists()
    with Hold() as hold, StudyWriter(new, make_info(name), Path("folder"), make_shown, hold) as writer:
        writer.open()
        writer.launched([2])
        writer.write(make_result(0))
    assert_complete(new, name, range(1))
    assert StudyWriter(new, make_info(name), Path("folder"), make_shown).blocks == (2,)


def test_a_finished_study_is_extended_under_the_same_run(store, name):
    launch(store, name, range(3))
    first = find_study(name, store).run_id
    assert launch(store, name, range(5)) == [3, 4]
    assert find_study(name, store).run_id == first
    assert_complete(store, name, range(5))


def test_a_launch_with_nothing_to_do_changes_nothing(store, name):
    launch(store, name, range(2))
    assert launch(store, name, range(2)) == []
    assert_complete(store, name, range(2))


def test_what_is_stored_is_known_on_a_machine_without_the_folder(store, name, tmp_path_factory, monkeypatch):
    launch(store, name, range(3))
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert launch(store, name, range(3)) == []


def test_a_known_trial_is_given_back_exactly(store, name):
    launch(store, name, range(2))
    stored = StudyWriter(store, make_info(name), Path("folder"), make_shown).stored()
    assert stored == {number: (make_result(number).trial, make_result(number).rows) for number in range(2)}


@pytest.mark.parametrize(("way", "torn"), [("calls", 1), ("rows", 0)])
def test_a_driver_that_was_killed_is_continued(store, name, way, torn):
    command = [sys.executable, "-m", "support.killed_driver", store.uri, name, "folder", way]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    killed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert killed.returncode == -9, killed.stderr
    (study,) = study_runs(connect(store), [connect(store).get_experiment_by_name(name).experiment_id])
    assert [run.info.status for run in trial_runs(connect(store), study)].count("RUNNING") == torn

    assert launch(store, name, range(5)) == [3, 4]
    assert_complete(store, name, range(5))


def test_what_two_drivers_at_once_stored_twice_is_made_one_again(store, name, monkeypatch):
    """As versions did that knew no better: below one run of the study, and below one each."""
    first = StudyWriter(store, make_info(name), Path("first"), make_shown)
    second = StudyWriter(store, make_info(name), Path("second"), make_shown)
    with monkeypatch.context() as patch:
        patch.setattr(study_run, "study_runs", lambda *_: [])
        third = StudyWriter(store, make_info(name), Path("third"), make_shown)
    for writer, numbers in {first: (0, 1), second: (1, 2), third: (2, 3, 4)}.items():
        for number in numbers:
            writer.write(make_result(number))
    assert launch(store, name, range(6)) == [5]
    assert_complete(store, name, range(6))


def test_a_second_driver_is_refused_naming_the_first_and_stores_nothing(store, name):
    with Hold() as first, Hold() as second:
        StudyWriter(store, make_info(name), Path("first"), make_shown, first).write(make_result(0))
        with pytest.raises(InputError, match=rf"{re.escape(store.uri)} is being run by process {os.getpid()} on "):
            StudyWriter(store, make_info(name), Path("second"), make_shown, second)
        StudyWriter(store, make_info(name, fingerprint="other"), Path("second"), make_shown, second)
    assert launch(store, name, range(2)) == [1]
    experiment = connect(store).get_experiment_by_name(name)
    assert not [tag for tag in experiment.tags if tag.startswith("driver")]


def test_a_store_that_was_away_at_first_is_claimed_before_anything_is_sent(store, name, monkeypatch):
    with Hold() as first, Hold() as second:
        StudyWriter(store, make_info(name), Path("first"), make_shown, first)
        with monkeypatch.context() as patch:
            patch.setattr(MlflowClient, "get_experiment_by_name", Mock(side_effect=ConnectionError("away")))
            writer = StudyWriter(store, make_info(name), Path("second"), make_shown, second)
        writer.write(make_result(0))
        with pytest.raises(InputError, match="is being run by process"):
            writer.finish()
        assert sorted(path.name for path in Path("second/spool").iterdir()) == ["trial_00000.parquet"]


def test_claims_are_emptied_where_mlflow_cannot_remove_a_tag(store, name, monkeypatch):
    monkeypatch.setattr(MlflowClient, "delete_experiment_tag", Mock(side_effect=MlflowException("no such endpoint")))
    for _ in range(2):
        with Hold() as hold:
            StudyWriter(store, make_info(name), Path("folder"), make_shown, hold)


def test_how_a_screen_grew_is_known_where_its_journal_is_not(store, name):
    writer = StudyWriter(store, make_info(name), Path("folder"), make_shown)
    assert writer.blocks == ()
    writer.launched([4, 2])
    assert StudyWriter(store, make_info(name), Path("elsewhere"), make_shown).blocks == (4, 2)


def test_the_trials_of_a_driver_that_was_killed_elsewhere_are_known(store, name, tmp_path_factory, monkeypatch):
    writer = StudyWriter(store, make_info(name), Path("folder"), make_shown)
    for number in range(3):
        writer.write(make_result(number))
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert launch(store, name, range(4)) == [3]
    assert_complete(store, name, range(4))


def test_a_trial_whose_files_are_gone_is_measured_again(store, name):
    writer = StudyWriter(store, make_info(name), Path("folder"), make_shown)
    for number in range(3):
        writer.write(make_result(number))
    experiment = connect(store).get_experiment_by_name(name)
    for record in [
        *Path(experiment.artifact_location).rglob("trial_00001.parquet"),
        Path("folder/spool/trial_00001.parquet"),
    ]:
        record.unlink()
    assert launch(store, name, range(3)) == [1]
    assert_complete(store, name, range(3))


def test_an_interrupted_study_keeps_what_is_done_and_goes_on(store, name):
    with pytest.raises(KeyboardInterrupt):
        launch_that_fails(store, name, KeyboardInterrupt)
    stored = find_study(name, store)
    assert connect(store).get_run(stored.run_id).info.status == "KILLED"
    pd.testing.assert_frame_equal(stored.members, undisturbed([0]))
    assert launch(store, name, range(3)) == [1, 2]
    assert_complete(store, name, range(3))


def test_an_error_of_the_training_is_not_hidden_by_a_server_that_is_away(name):
    with pytest.raises(ZeroDivisionError):
        launch_that_fails(NOWHERE, name, ZeroDivisionError)


def test_without_a_server_trials_wait_on_disk_and_the_next_launch_sends_them(store, name):
    with pytest.raises(TrackingAway, match=r"127\.0\.0\.1:9.*spool"):
        launch(NOWHERE, name, range(3))
    assert len(list(Path("folder/spool").glob("*"))) == 3
    assert launch(store, name, range(4)) == [3]
    assert_complete(store, name, range(4))


def test_a_server_that_goes_away_is_left_alone_until_the_end(store, name, monkeypatch):
    refuse = Mock(side_effect=MlflowException("API request failed"))
    with StudyWriter(store, make_info(name), Path("folder"), make_shown) as writer:
        writer.write(make_result(0))
        with monkeypatch.context() as patch:
            patch.setattr(whole_run, "insert", refuse)
            for number in (1, 2, 3):
                writer.write(make_result(number))
    assert refuse.call_count == 1
    assert_complete(store, name, range(4))


def test_a_server_that_stays_away_is_reported_and_nothing_is_lost(store, name, monkeypatch):
    with monkeypatch.context() as patch:
        refuse = Mock(side_effect=MlflowException("no route to host"))
        patch.setattr(whole_run, "insert", refuse)
        with pytest.raises(TrackingAway, match="no route to host"):
            launch(store, name, range(3))
    assert refuse.call_count == 2, "of the first trial, and at the end"
    assert launch(store, name, range(3)) == []
    assert_complete(store, name, range(3))


def test_another_fingerprint_is_another_study_under_the_same_name(store, name):
    launch(store, name, range(2))
    assert launch(store, name, range(3), fingerprint="other") == [0, 1, 2]
    assert len(find_study(name, store, "0123abcd").members) == 2 * 3
    assert len(find_study(name, store, "other").members) == 3 * 3


def test_a_deleted_experiment_is_restored(store, name):
    launch(store, name, range(2))
    client = connect(store)
    client.delete_experiment(client.get_experiment_by_name(name).experiment_id)
    launch(store, name, range(3))
    assert_complete(store, name, range(3))


def test_responses_of_several_settings_are_not_taken_for_those_of_one(store, name):
    other = {"responses": {"cap": 6.0}}
    launch(store, name, range(2))
    launch(store, name, range(2), settings=other)
    assert find_study(name, store).info.settings == make_info(name).settings
    launch(store, name, range(3), settings=other)
    assert find_study(name, store).info.settings == {}
    launch(store, name, range(4))
    assert find_study(name, store).info.settings == {}


def test_a_continued_study_names_all_versions_that_measured_it_and_no_other(store, name):
    def versions(*trials, torch):
        launch(store, name, range(*trials), versions={"torch": torch})
        return find_study(name, store).info.versions

    assert versions(2, torch="2.12.0") == {"torch": "2.12.0"}
    assert versions(2, torch="2.13.0") == {"torch": "2.12.0"}  # that launch measured nothing
    assert versions(3, torch="2.13.0") == {"torch": "2.12.0, 2.13.0"}


def test_metrics_in_the_store_are_finite(store, name):
    launch(store, name, range(6))
    stored = find_study(name, store)
    client = connect(store)
    for run in trial_runs(client, client.get_run(stored.run_id)):
        assert np.isfinite(list(client.get_run(run.info.run_id).data.metrics.values())).all()
