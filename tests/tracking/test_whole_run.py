"""A run written as rows of MLflow's tables is, in every column, the run that MLflow's own client stores."""

import sqlite3
from collections import Counter
from pathlib import Path
from unittest.mock import Mock

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from support.made_trials import make_info

from gradstudy.tracking import run_rows, whole_run
from gradstudy.tracking.runs import local_folder
from gradstudy.tracking.store import connect
from gradstudy.tracking.study_run import StudyRun
from gradstudy.tracking.whole_run import WholeRun, store_run

pytestmark = pytest.mark.usefixtures("workplace")

METRICS = [("loss/train", 0, 2.5), ("loss/train", 10, 1), ("loss/train", 5, 7.0), ("members/healthy", 0, 3)]
GENERATED = {"run_uuid", "timestamp", "start_time", "end_time"}


def a_run(**changes):
    plain = {
        "name": "trial 00007",
        "tags": {"trial": "7", "mlflow.user": "ann", "command": "it's", "mlflow.note.content": "**é**\n\n"},
        "params": {"lr.value": "0.1", "activation": "tanh"},
        "metrics": METRICS,
        "files": {"figures/flow.svg": b"<svg/>"},
        "status": "FINISHED",
    }
    return WholeRun(**{**plain, **changes})


@pytest.fixture
def study(store, name):
    return StudyRun(connect(store), make_info(name)).run


def by_calls(client, study, run, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(whole_run, "database_of", lambda _: None)
        return store_run(client, study, run)


def rows_in(store, run):
    """Every row of every table that names this run, without what differs from run to run."""
    with sqlite3.connect(store.uri.removeprefix("sqlite:///")) as database:
        database.row_factory = sqlite3.Row
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {}
        for table in tables:
            columns = [column[1] for column in database.execute(f"PRAGMA table_info({table})")]
            if "run_uuid" in columns:
                rows = database.execute(f"SELECT * FROM {table} WHERE run_uuid = ?", [run.info.run_id])
                own = [{key: row[key] for key in columns if key not in GENERATED} for row in rows]
                found[table] = Counter(repr(row).replace(run.info.run_id, "ID") for row in own)
    return found


@pytest.mark.parametrize(
    "changes",
    [{}, {"status": "FAILED", "metrics": []}, {"params": {}}, {"tags": {"trial": "7"}}],
    ids=["finished", "failed", "no params", "nobody's"],
)
def test_a_run_of_rows_is_the_run_that_mlflows_client_stores(store, study, monkeypatch, changes):
    client, run = connect(store), a_run(**changes)
    rows = store_run(client, study, run)
    calls = by_calls(client, study, run, monkeypatch)
    assert rows_in(store, rows) == rows_in(store, calls)
    assert sum(rows_in(store, rows)["runs"].values()) == 1
    one, other = (client.get_run(stored.info.run_id) for stored in (rows, calls))
    assert (one.info.run_id, one.data.tags) == (rows.info.run_id, other.data.tags)
    assert one.data.metrics == other.data.metrics
    assert len(one.info.run_id) == len(other.info.run_id)
    assert rows.info.status == one.info.status
    assert [entry.path for entry in client.list_artifacts(one.info.run_id, "figures")] == ["figures/flow.svg"]


def test_the_latest_value_of_a_curve_is_that_of_its_last_step(store, study):
    run = store_run(connect(store), study, a_run())
    assert connect(store).get_run(run.info.run_id).data.metrics == {"loss/train": 1.0, "members/healthy": 3.0}


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("a key that MLflow refuses", {"metrics": [("loss//train", 0, 1.0)]}),
        ("a key with marks", {"params": {"init[0]": "1"}}),
        ("a long key", {"metrics": [("x" * 251, 0, 1.0)]}),
        ("a long value", {"params": {"levels": "x" * 501}}),
        ("a long tag", {"tags": {"command": "x" * 5001}}),
        ("what is no number", {"metrics": [("loss/train", 0, float("nan"))]}),
    ],
)
def test_what_mlflow_may_refuse_or_cut_goes_by_its_client(store, study, monkeypatch, why, changes):
    called = Mock()
    monkeypatch.setattr(whole_run, "_by_calls", called)
    store_run(connect(store), study, a_run(**changes))
    assert called.call_count == 1, why


def test_tables_with_another_column_are_left_to_mlflows_client(store, study, monkeypatch):
    from mlflow.store.tracking.dbmodels.models import SqlParam
    from sqlalchemy import Column, MetaData, String, Table

    newer = Table("params", MetaData(), *(Column(name, String) for name in ("key", "value", "run_uuid", "kind")))
    monkeypatch.setattr(SqlParam, "__table__", newer)
    monkeypatch.setattr(whole_run, "insert", Mock(side_effect=AssertionError))
    run = store_run(connect(store), study, a_run())
    assert connect(store).get_run(run.info.run_id).data.params == a_run().params


def test_a_server_and_a_changed_client_have_no_tables_at_hand(store, monkeypatch):
    assert run_rows.database_of(MlflowClient("http://127.0.0.1:9")) is None
    client = MlflowClient(store.uri)
    assert run_rows.database_of(client) is not None
    monkeypatch.setattr(client, "_tracking_client", Mock(spec=["tracking_uri"], tracking_uri=store.uri))
    assert run_rows.database_of(client) is None


def test_nothing_is_stored_below_an_experiment_that_was_deleted(store, study):
    client = connect(store)
    client.delete_experiment(study.info.experiment_id)
    with pytest.raises(MlflowException, match="active"):
        store_run(client, study, a_run())
    client.restore_experiment(study.info.experiment_id)
    assert client.search_runs([study.info.experiment_id], "tags.trial = '7'") == []


def test_a_transaction_that_fails_leaves_neither_rows_nor_files(store, study, monkeypatch):
    client = connect(store)
    monkeypatch.setattr(WholeRun, "is_plain", True)
    with pytest.raises(MlflowException):  # to SQLite that is NULL, and refused when the run's own row is there
        store_run(client, study, a_run(metrics=[("loss/train", 0, float("nan"))]))
    assert {path.name for path in local_folder(study).parent.parent.glob("*")} <= {study.info.run_id}
    assert client.search_runs([study.info.experiment_id], "tags.trial = '7'") == []


def test_files_are_there_before_the_run_is(store, study, monkeypatch):
    def insert(database, experiment, rows):
        (run,) = next(iter(rows.values()))
        assert (Path(run["artifact_uri"]) / "figures/flow.svg").read_bytes() == b"<svg/>"
        raise MlflowException("away")

    monkeypatch.setattr(whole_run, "insert", insert)
    with pytest.raises(MlflowException, match="away"):
        store_run(connect(store), study, a_run())


def test_an_older_mlflow_whose_sessions_are_opened_otherwise_is_asked_by_its_client(store, monkeypatch):
    client = MlflowClient(store.uri)
    monkeypatch.setattr(run_rows.database_of(client), "ManagedSessionMaker", lambda: None)
    assert run_rows.database_of(client) is None
