"""The MLflow run of one trial: params that run it again, a few metrics, tags to filter by, and the full record."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gradstudy.records import CONFIRM, CONFIRM_FROM, StudyInfo, Trial, TrialResult, trial_outcome, trial_verdict
from gradstudy.tracking.publication import RunDisplay
from gradstudy.tracking.runs import FAILURE, FINGERPRINT, KIND, NOTE, PARENT, STUDY, TRIAL, attach, origin
from gradstudy.tracking.trial_metrics import Value, trial_metrics
from gradstudy.words.command_words import trial_command

if TYPE_CHECKING:  # for annotations alone: importing MLflow takes seconds, which a launch has while it trains
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, Run

MOST_PARAMS, MOST_METRICS = 100, 900
"""MLflow takes 100 params and 1000 entries in one call."""


def send_trial(
    client: MlflowClient,
    study: Run,
    info: StudyInfo,
    result: TrialResult,
    shown: RunDisplay,
    *,
    record: Path,
    points: int,
) -> Run:
    """Stores one trial below its study's run. It has ended, and so is known to exist, only with the last call.

    Some 40 ms on SQLite: one call for all metrics, since one per metric costs 6 ms each.
    """
    number, tries = result.trial.number, result.trial.phase == CONFIRM
    tags = {
        PARENT: study.info.run_id,
        KIND: TRIAL,
        TRIAL: str(number),
        STUDY: info.name,
        FINGERPRINT: info.fingerprint,
        "phase": result.trial.phase,
        **({FAILURE: result.failure} if result.failure else _came_out(result, info)),
        "command": trial_command(info, result.trial),
        NOTE: shown.note,
        **origin(),
    }
    name = f"cure {number - CONFIRM_FROM:05d}" if tries else f"trial {number:05d}"
    run = client.create_run(study.info.experiment_id, run_name=name, tags=tags)
    values = [] if result.failure else trial_metrics(result, points)
    for params, metrics in _batches(trial_params(result.trial), values):
        client.log_batch(run.info.run_id, params=params, metrics=metrics)
    attach(client, run, {record.name: record, **shown.files})
    client.set_terminated(run.info.run_id, "FAILED" if result.failure else "FINISHED")
    return run


def _came_out(result: TrialResult, info: StudyInfo) -> dict[str, str]:
    """What came of it, as tags to filter by."""
    pruned = len(result.rows) < info.seeds and result.trial.phase != CONFIRM
    return {
        "verdict": trial_verdict(row["verdict"] for row in result.rows),
        "outcome": trial_outcome(row["outcome"] for row in result.rows),
        **({"pruned": "true"} if pruned else {}),
    }


def trial_params(trial: Trial) -> dict[str, str]:
    """The overrides by key, in MLflow's alphabet."""
    pairs = (override.partition("=") for override in trial.overrides)
    return {re.sub(r"[^\w.\-/: ]", "_", key.lstrip("+~")): value for key, _, value in pairs}


def _batches(params: dict[str, str], metrics: Sequence[Value]) -> Iterator[tuple[list[Param], list[Metric]]]:
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    all_params = [Param(key, value) for key, value in params.items()]
    all_metrics = [Metric(key, value, now, step) for key, step, value in metrics]
    return zip_longest(_portions(all_params, MOST_PARAMS), _portions(all_metrics, MOST_METRICS), fillvalue=[])


Entry = TypeVar("Entry")


def _portions(entries: list[Entry], most: int) -> list[list[Entry]]:
    return [entries[start : start + most] for start in range(0, len(entries), most)]
