"""Which runs of a study does MLflow hold? One of kind `study`, and below it one of kind `trial` per trial."""

from collections.abc import Iterator, Sequence

from mlflow import MlflowClient
from mlflow.entities import Run

KIND, STUDY, TRIAL, FINGERPRINT = "kind", "study", "trial", "fingerprint"
PARENT = "mlflow.parentRunId"
PAGE = 1000


def study_runs(client: MlflowClient, experiments: Sequence[str], fingerprint: str | None = None) -> list[Run]:
    """The studies in these experiments, newest first; all of them or those of one fingerprint."""
    same = f" and tags.{FINGERPRINT} = '{fingerprint}'" if fingerprint else ""
    return list(_search(client, experiments, f"tags.{KIND} = '{STUDY}'{same}"))


def trial_runs(client: MlflowClient, study: Run) -> list[Run]:
    """The trials below a study's run, finished or not, newest first."""
    below = f"tags.`{PARENT}` = '{study.info.run_id}' and tags.{KIND} = '{TRIAL}'"
    return list(_search(client, [study.info.experiment_id], below))


def is_finished(run: Run) -> bool:
    """Was everything of this run written?"""
    return run.info.status == "FINISHED"


def trial_number(run: Run) -> int:
    """Which trial is this a run of?"""
    return int(run.data.tags[TRIAL])


def _search(client: MlflowClient, experiments: Sequence[str], condition: str) -> Iterator[Run]:
    page = None
    while page is None or page.token:
        page = client.search_runs(
            list(experiments),
            condition,
            max_results=PAGE,
            order_by=["attributes.start_time DESC"],
            page_token=page and page.token,
        )
        yield from page
