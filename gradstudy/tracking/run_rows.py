"""A run as rows of MLflow's own tables, where its store is a database that this process has opened.

MLflow's client takes six transactions for a run, each of which waits for the disk, and makes an object of every metric:
more than half of what storing a trial took. Here a run is one transaction of plain rows, there as a whole or not at
all. The tables, the session and its errors are MLflow's, and a test compares every column with what its client writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any

from gradstudy.tracking.store import DATABASES
from gradstudy.tracking.trial_metrics import Value

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import RunInfo
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    from sqlalchemy import Table

    Rows = Mapping[Table, Sequence[dict[str, Any]]]


def database_of(client: MlflowClient) -> SqlAlchemyStore | None:
    """MLflow's store behind this client, None where that is anything but its usual one in a database."""
    if client.tracking_uri.partition(":")[0].partition("+")[0] not in DATABASES:
        return None
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    # No promised part of the client. A store or an engine of our own would lack what MLflow sets for its connections.
    store = getattr(getattr(client, "_tracking_client", None), "store", None)
    if type(store) is not SqlAlchemyStore or "read_only" not in signature(store.ManagedSessionMaker).parameters:
        return None  # or older than the version whose sessions are known here
    return store


def table_rows(
    info: RunInfo, tags: Mapping[str, str], params: Mapping[str, str], metrics: Sequence[Value]
) -> Rows | None:
    """The rows of a run by their table; None where this version of MLflow has other columns than are named here."""
    from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlMetric, SqlParam, SqlRun, SqlTag
    from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME

    run = {
        "name": info.run_name,
        "source_type": "UNKNOWN",
        "source_name": "",
        "entry_point_name": "",
        "user_id": info.user_id,
        "status": info.status,
        "start_time": info.start_time,
        "end_time": info.end_time,
        "deleted_time": None,
        "source_version": "",
        "lifecycle_stage": info.lifecycle_stage,
        "artifact_uri": info.artifact_uri,
        "experiment_id": int(info.experiment_id),
    }
    points = [
        {"key": key, "value": float(value), "timestamp": info.end_time, "step": step, "is_nan": False}
        for key, step, value in dict.fromkeys(metrics)
    ]
    latest: dict[str, dict[str, Any]] = {}  # in the order of their first points: pages show the first ones first
    for point in points:
        before = latest.setdefault(str(point["key"]), point)
        latest[str(point["key"])] = max(before, point, key=lambda one: (one["step"], one["value"]))
    found: dict[Any, list[dict[str, Any]]] = {
        SqlRun: [run],
        SqlTag: _pairs({**tags, MLFLOW_RUN_NAME: info.run_name}),
        SqlParam: _pairs(params),
        SqlMetric: points,
        SqlLatestMetric: list(latest.values()),
    }
    rows = {model.__table__: [{**row, "run_uuid": info.run_id} for row in rows] for model, rows in found.items()}
    fits = all(row.keys() == {*table.columns.keys()} for table, entries in rows.items() for row in entries[:1])
    return rows if fits else None


def insert(store: SqlAlchemyStore, experiment: str, rows: Rows) -> None:
    """Stores the rows, all or none. MlflowException where that fails, or where the experiment was deleted meanwhile."""
    from mlflow.entities import LifecycleStage
    from mlflow.exceptions import MlflowException
    from mlflow.store.tracking.dbmodels.models import SqlExperiment
    from sqlalchemy import select

    stage: Any = select(SqlExperiment.lifecycle_stage).where(SqlExperiment.experiment_id == int(experiment))
    with store.ManagedSessionMaker(read_only=False) as session:
        if session.scalar(stage) != LifecycleStage.ACTIVE:
            raise MlflowException(f"The experiment {experiment} must be in the 'active' state")
        for table, entries in rows.items():
            if entries:
                session.execute(table.insert(), entries)


def _pairs(values: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in values.items()]
