"""The MLflow run of one trial: params that run it again, a few metrics, tags to filter by, and the full record."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from gradstudy.records import CONFIRM, CONFIRM_FROM, StudyInfo, Trial, TrialResult, trial_outcome, trial_verdict
from gradstudy.tracking.publication import RunDisplay
from gradstudy.tracking.runs import FAILURE, FINGERPRINT, KIND, NOTE, PARENT, STUDY, TRIAL, origin
from gradstudy.tracking.trial_metrics import trial_metrics
from gradstudy.tracking.whole_run import WholeRun, store_run
from gradstudy.words.command_words import trial_command

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


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
    """Stores one trial below its study's run. It has ended, and so is known to exist, only with the last step."""
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
    run = WholeRun(
        name=f"cure {number - CONFIRM_FROM:05d}" if tries else f"trial {number:05d}",
        tags=tags,
        params=trial_params(result.trial),
        metrics=[] if result.failure else trial_metrics(result, points),
        files={record.name: record, **shown.files},
        status="FAILED" if result.failure else "FINISHED",
    )
    return store_run(client, study, run)


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
