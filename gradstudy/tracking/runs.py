"""Which runs of a study does MLflow hold? One of kind `study`, and below it one of kind `trial` per trial."""

import getpass
from collections.abc import Iterator, Sequence
from contextlib import suppress

from mlflow import MlflowClient
from mlflow.entities import Run

from gradstudy.records import FINISHED, RUNNING, STOPPED

KIND, STUDY, TRIAL, FINGERPRINT = "kind", "study", "trial", "fingerprint"
PARENT, NOTE = "mlflow.parentRunId", "mlflow.note.content"
REPORT = "report"
"""Tag of a study's run: which of its files is the page that tells of all its trials? None while there are new ones."""
PAGE = 1000


def study_runs(client: MlflowClient, experiments: Sequence[str], fingerprint: str | None = None) -> list[Run]:
    """The studies in these experiments, newest first; all of them or those of one fingerprint."""
    same = f" and tags.{FINGERPRINT} = '{fingerprint}'" if fingerprint else ""
    return list(_search(client, experiments, f"tags.{KIND} = '{STUDY}'{same}"))


def trial_runs(client: MlflowClient, study: Run) -> list[Run]:
    """The trials below a study's run, finished or not, newest first."""
    below = f"tags.`{PARENT}` = '{study.info.run_id}' and tags.{KIND} = '{TRIAL}'"
    return list(_search(client, [study.info.experiment_id], below))


def origin() -> dict[str, str]:
    """Who and what made a run? Tags that MLflow shows as its user and its source."""
    tags = {"mlflow.source.name": "gradstudy", "mlflow.source.type": "LOCAL"}
    with suppress(KeyError, ImportError, OSError):  # in a container, the user may have no name
        tags["mlflow.user"] = getpass.getuser()
    return tags


def progress_of(run: Run) -> str:
    """How far is a study's run: FINISHED, STOPPED early, or RUNNING, which it also says when its driver was killed?"""
    return {"FINISHED": FINISHED, "RUNNING": RUNNING}.get(run.info.status, STOPPED)


def is_finished(run: Run) -> bool:
    """Was everything of this run written?"""
    return bool(run.info.status == "FINISHED")


def trial_number(run: Run) -> int:
    """Which trial is this a run of?"""
    return int(run.data.tags[TRIAL])


def _search(client: MlflowClient, experiments: Sequence[str], condition: str) -> Iterator[Run]:
    token, more = None, True
    while more:
        page = client.search_runs(
            list(experiments), condition, max_results=PAGE, order_by=["attributes.start_time DESC"], page_token=token
        )
        yield from page
        token, more = page.token, bool(page.token)
