"""A study read back from MLflow."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from support.made_trials import FACTORS, make_info, make_result, make_shown

from gradstudy.errors import InputError, TrackingAway
from gradstudy.records import FINISHED, RUNNING, STOPPED
from gradstudy.tracking.members_file import members_table
from gradstudy.tracking.reader import find_study
from gradstudy.tracking.record_file import tidy
from gradstudy.tracking.runs import artifact
from gradstudy.tracking.store import Mlflow
from gradstudy.tracking.writer import StudyWriter

pytestmark = pytest.mark.usefixtures("workplace")


@pytest.fixture
def stored(store, name):
    with StudyWriter(store, make_info(name), Path("folder"), make_shown) as writer:
        for number in range(3):
            writer.write(make_result(number))
    return find_study(name, store)


def as_text(rows):
    return rows.astype({"quantity": str, "place": str}).reset_index(drop=True)


def test_what_a_study_was_is_read_back(stored, store, name):
    assert stored.info == make_info(name)
    assert stored.uri == store.uri


def test_the_full_record_is_read_back(stored):
    expected = pd.concat([as_text(tidy(make_result(number).records)) for number in range(3)], ignore_index=True)
    pd.testing.assert_frame_equal(as_text(stored.gradients()), expected, check_exact=True)


def test_filters_of_the_record_take_a_value_or_a_list(stored):
    everything = as_text(stored.gradients())
    part = as_text(stored.gradients(trial=[0, 2], seed=1, quantity="signal", place=["time_001", "time_030"], step=4))
    wanted = everything.query(
        "trial in [0, 2] and seed == 1 and quantity == 'signal' and place in ['time_001', 'time_030'] and step == 4"
    )
    assert len(part) == 4
    pd.testing.assert_frame_equal(part, wanted.reset_index(drop=True))


def test_a_trial_that_does_not_exist_is_refused_also_beside_others(stored):
    with pytest.raises(InputError, match="trial must be one of 0 to 2, got 99"):
        stored.gradients(trial=99)
    with pytest.raises(InputError, match="got 99"):
        stored.gradients(trial=[1, 99])
    assert stored.gradients(trial=[]).empty


def test_a_trial_is_read_back_as_it_was_written(stored):
    assert stored.trial(1) == make_result(1).trial
    assert [result.rows for result in stored.results()] == [make_result(number).rows for number in range(3)]
    assert stored.result(1).rows == make_result(1).rows
    for read in (stored.trial, stored.result):
        with pytest.raises(InputError, match="99"):
            read(99)


def test_a_study_that_was_killed_is_read_from_its_finished_trials(store, name):
    writer = StudyWriter(store, make_info(name), Path("folder"), make_shown)
    for number in range(2):
        writer.write(make_result(number))
    expected = members_table({n: (make_result(n).trial, make_result(n).rows) for n in range(2)}, FACTORS)
    pd.testing.assert_frame_equal(find_study(name, store).members, expected, check_exact=True)


def test_a_study_says_how_far_it_has_come_and_holds_what_is_there_while_it_is_extended(store, name):
    def launch(numbers, ends=None):
        with StudyWriter(store, make_info(name), Path("folder"), make_shown) as writer:
            for number in numbers:
                writer.write(make_result(number))
            found = find_study(name, store)
            assert found.progress == RUNNING
            assert set(found.members["trial"]) == set(range(max(numbers) + 1))
            if ends:
                raise ends

    launch(range(2))
    assert find_study(name, store).progress == FINISHED
    with pytest.raises(KeyboardInterrupt):
        launch([2], KeyboardInterrupt)
    assert find_study(name, store).progress == STOPPED


def test_the_newest_study_that_was_brought_to_an_end_is_read(store, name):
    for fingerprint, count in (("older", 1), ("newer", 2)):
        with StudyWriter(store, make_info(name, fingerprint=fingerprint), Path(fingerprint), make_shown) as writer:
            for number in range(count):
                writer.write(make_result(number))
    StudyWriter(store, make_info(name, fingerprint="killed"), Path("killed"), make_shown).write(make_result(0))
    assert find_study(name, store).info.fingerprint == "newer"
    assert find_study(name, store, "older").info.fingerprint == "older"
    assert find_study(name, store, "killed").info.fingerprint == "killed"


@pytest.mark.usefixtures("stored")
def test_an_unknown_study_is_refused_with_the_nearest_name(store, name):
    with pytest.raises(InputError, match=f"Did you mean '{name}'"):
        find_study(f"{name}s", store)
    with pytest.raises(InputError, match="fingerprint ffff"):
        find_study(name, store, "ffff")


def test_a_study_without_a_finished_trial_is_refused(store, name):
    StudyWriter(store, make_info(name), Path("folder"), make_shown)
    with pytest.raises(InputError, match="no finished trial"):
        find_study(name, store)


def test_looking_for_a_study_makes_no_store(workplace):
    with pytest.raises(InputError, match="Run the study first"):
        find_study("any", Mlflow())
    assert list(workplace.iterdir()) == []


def test_a_server_that_is_away_is_said_to_be():
    with pytest.raises(TrackingAway, match="127"):
        find_study("any", Mlflow("http://127.0.0.1:9"))


class Server:
    """What a client of a remote store does with one file."""

    def __init__(self):
        self.fetched = 0

    def list_artifacts(self, run_id):
        return [SimpleNamespace(path="study.json")]

    def download_artifacts(self, run_id, name, folder):
        self.fetched += 1
        (Path(folder) / name).write_text("{}")


def test_a_file_on_a_server_is_fetched_once(tmp_path):
    run = SimpleNamespace(info=SimpleNamespace(run_id="a1", artifact_uri="mlflow-artifacts:/1/a1/artifacts"))
    server = Server()
    for _ in range(2):
        assert artifact(server, run, "study.json", tmp_path).read_text() == "{}"
    assert server.fetched == 1
    assert artifact(server, run, "members.parquet", tmp_path) is None


@pytest.mark.parametrize("uri", ["{}", "file://{}"])
def test_a_file_of_a_local_store_is_read_in_place(tmp_path, uri):
    (tmp_path / "study.json").write_text("{}")
    run = SimpleNamespace(info=SimpleNamespace(run_id="a1", artifact_uri=uri.format(tmp_path)))
    assert artifact(None, run, "study.json", Path("unused")) == tmp_path / "study.json"
    assert artifact(None, run, "members.parquet", Path("unused")) is None
