"""What drivers that ran one study at once, or were killed, left of it in MLflow more than once: made one again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradstudy.tracking.runs import PARENT, is_finished, trial_number, trial_runs

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


def united(client: MlflowClient, runs: Sequence[Run]) -> Run:
    """The one of these runs of one study that has most trials, with what only others have; those are deleted."""
    if len(runs) == 1:
        return runs[0]
    trials = {run.info.run_id: trial_runs(client, run) for run in runs}
    finished = {run_id: {trial_number(one) for one in found if is_finished(one)} for run_id, found in trials.items()}
    kept = max(runs, key=lambda run: len(finished[run.info.run_id]))
    known = set(finished[kept.info.run_id])
    for run in runs:
        if run is not kept:
            for trial in trials[run.info.run_id]:
                if is_finished(trial) and trial_number(trial) not in known:
                    known.add(trial_number(trial))
                    client.set_tag(trial.info.run_id, PARENT, kept.info.run_id)
                else:
                    discard(client, trial)
            discard(client, run)
    return kept


def discard(client: MlflowClient, run: Run) -> None:
    """Deletes a run, which MLflow keeps among the deleted ones: ended, if it was not, and so not running for ever."""
    if run.info.status == "RUNNING":
        client.set_terminated(run.info.run_id, "KILLED")
    client.delete_run(run.info.run_id)
