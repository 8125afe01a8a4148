"""A run that has ended before it is stored: its files first, and what says that it exists last."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import isfinite
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from typing import TYPE_CHECKING, TypeVar

from gradstudy.tracking.contact import asked_of
from gradstudy.tracking.run_rows import database_of, insert, table_rows
from gradstudy.tracking.runs import attach, local_folder
from gradstudy.tracking.trial_metrics import Value

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, Run

MOST_PARAMS, MOST_METRICS = 100, 900
"""MLflow takes 100 params and 1000 entries in one call."""
TAKEN = re.compile(r"\w[\w.\-: ]*(/\w[\w.\-: ]*)*")
KEY_LENGTH, PARAM_LENGTH, TAG_LENGTH = 250, 500, 5000
"""Keys, and lengths of keys, params and tags, that no version of MLflow refuses or cuts."""


@dataclass(frozen=True)
class WholeRun:
    """What a run holds: params, metrics in the order of their steps, tags, and files by name."""

    name: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Sequence[Value]
    files: Mapping[str, bytes | Path]
    status: str

    @property
    def is_plain(self) -> bool:
        """Whether MLflow would take all of it as it is."""
        keys = {*self.params, *(key for key, _, _ in self.metrics)}
        return (
            all(len(key) <= KEY_LENGTH and TAKEN.fullmatch(key) for key in keys)
            and all(len(value) <= PARAM_LENGTH for value in self.params.values())
            and all(len(key) <= KEY_LENGTH and len(value) <= TAG_LENGTH for key, value in self.tags.items())
            and all(isfinite(value) for _, _, value in self.metrics)
        )


def store_run(client: MlflowClient, study: Run, run: WholeRun) -> Run:
    """Stores a run beside that of its study. It has ended, and so is known to exist, only with the last call."""
    stored = _by_rows(client, study, run) if run.is_plain else None
    return stored or _by_calls(client, study, run)


def _by_rows(client: MlflowClient, study: Run, run: WholeRun) -> Run | None:
    """In one transaction, some 7 ms on SQLite; None where the database is not at hand, or is not as it is known."""
    from mlflow.entities import Run, RunData, RunInfo, RunTag
    from mlflow.exceptions import MlflowException

    database, now = database_of(client), int(time.time() * 1000)
    # Begins with the time, so that rows go to the ends of MLflow's indexes: at the 4,000th run random ids cost SQLite
    # 40 % more than at the first, these 20 %.
    run_id = f"{now:012x}{token_hex(10)}"
    info = RunInfo(
        run_id=run_id,
        experiment_id=study.info.experiment_id,
        user_id=run.tags.get("mlflow.user", "unknown"),
        status=run.status,
        start_time=now,
        end_time=now,
        lifecycle_stage="active",
        artifact_uri=study.info.artifact_uri.replace(study.info.run_id, run_id),
        run_name=run.name,
    )
    ended = Run(info, RunData(tags=[RunTag(key, value) for key, value in run.tags.items()]))
    rows = table_rows(info, run.tags, run.params, run.metrics) if database else None
    folder = local_folder(ended)
    if database is None or rows is None or folder is None:
        return None
    attach(client, ended, run.files)
    try:
        asked_of(client, lambda: insert(database, info.experiment_id, rows))
    except MlflowException:  # nothing was stored; of a call that is only late that is not known
        rmtree(folder.parent, ignore_errors=True)
        raise
    return ended


def _by_calls(client: MlflowClient, study: Run, run: WholeRun) -> Run:
    """By MLflow's client, some 40 ms on SQLite: one call for all metrics, since one per metric costs 6 ms each."""
    stored = client.create_run(study.info.experiment_id, run_name=run.name, tags=dict(run.tags))
    for params, metrics in _batches(run.params, run.metrics):
        client.log_batch(stored.info.run_id, params=params, metrics=metrics)
    attach(client, stored, run.files)
    client.set_terminated(stored.info.run_id, run.status)
    return stored


def _batches(params: Mapping[str, str], metrics: Sequence[Value]) -> Iterator[tuple[list[Param], list[Metric]]]:
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    all_params = [Param(key, value) for key, value in params.items()]
    all_metrics = [Metric(key, value, now, step) for key, step, value in metrics]
    return zip_longest(_portions(all_params, MOST_PARAMS), _portions(all_metrics, MOST_METRICS), fillvalue=[])


Entry = TypeVar("Entry")


def _portions(entries: list[Entry], most: int) -> list[list[Entry]]:
    return [entries[start : start + most] for start in range(0, len(entries), most)]
