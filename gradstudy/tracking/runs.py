"""The runs of a study that MLflow holds, one of kind `study` and below it one per trial, and the files of each."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from gradstudy.atomic_file import placed, written_whole
from gradstudy.records import FINISHED, RUNNING, STOPPED
from gradstudy.tracking.store import without_user

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

KIND, STUDY, TRIAL, FINGERPRINT = "kind", "study", "trial", "fingerprint"
PARENT, NOTE = "mlflow.parentRunId", "mlflow.note.content"
REPORT = "report"
"""Tag of a study's run that names the page which tells of all its trials; there is none while there are new ones."""
FAILURE = "failure"
"""Tag of the run of a trial that could not be trained: why."""
COST = "cost/"
"""How the metrics begin that say what the instrument cost."""
PAGE = 1000


def study_runs(client: MlflowClient, experiments: Sequence[str], fingerprint: str | None = None) -> list[Run]:
    """The studies in these experiments, newest first; all of them or those of one fingerprint."""
    same = f" and tags.{FINGERPRINT} = '{fingerprint}'" if fingerprint else ""
    return list(_search(client, experiments, f"tags.{KIND} = '{STUDY}'{same}"))


def trial_runs(client: MlflowClient, study: Run) -> list[Run]:
    """The trials below a study's run, finished or not, newest first, each in brief.

    One whose number somebody took away is none.
    """
    below = f"tags.`{PARENT}` = '{study.info.run_id}' and tags.{KIND} = '{TRIAL}'"
    found = _search(client, [study.info.experiment_id], below)
    return [brief(run) for run in found if run.data.tags.get(TRIAL, "").isdecimal()]


def brief(run: Run) -> Run:
    """What is remembered of a trial's run: its number, failure and costs. All of it takes 30 kB, and they are many."""
    from mlflow.entities import Metric, Run, RunData, RunTag

    tags = [RunTag(key, value) for key, value in run.data.tags.items() if key in (TRIAL, FAILURE)]
    costs = [Metric(key, value, 0, 0) for key, value in run.data.metrics.items() if key.startswith(COST)]
    return Run(run.info, RunData(metrics=costs, tags=tags))


def origin() -> dict[str, str]:
    """The tags that MLflow shows as a run's user and source."""
    tags = {"mlflow.source.name": "gradstudy", "mlflow.source.type": "LOCAL"}
    with suppress(KeyError, ImportError, OSError):  # in a container, the user may have no name
        tags["mlflow.user"] = getpass.getuser()
    return tags


def progress_of(run: Run) -> str:
    """How far a study's run is: FINISHED, STOPPED early, or RUNNING, which it also says when its driver was killed."""
    return {"FINISHED": FINISHED, "RUNNING": RUNNING}.get(run.info.status, STOPPED)


def is_finished(run: Run) -> bool:
    """Whether everything of this run was written."""
    return bool(run.info.status == "FINISHED")


def is_failed(run: Run) -> bool:
    """Whether this is the run of a trial that could not be trained, and not one that was broken off."""
    return run.info.status == "FAILED" and FAILURE in run.data.tags


def trial_number(run: Run) -> int:
    """The trial that this is a run of."""
    return int(run.data.tags[TRIAL])


def _search(client: MlflowClient, experiments: Sequence[str], condition: str) -> Iterator[Run]:
    token, more = None, True
    while more:
        page = client.search_runs(
            list(experiments), condition, max_results=PAGE, order_by=["attributes.start_time DESC"], page_token=token
        )
        yield from page
        token, more = page.token, bool(page.token)


def address(run: Run, name: str, store: str) -> str:
    """Where a person opens this file: at a path, on the server's page that shows it, or in what keeps its files."""
    if urlsplit(store).scheme in ("http", "https"):
        where = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts/{name}"
        return f"{without_user(store).rstrip('/')}/{where}"
    folder = local_folder(run)
    return f"{run.info.artifact_uri}/{name}" if folder is None else str((folder / name).absolute())


def artifact(client: MlflowClient, run: Run, name: str, folder: Path) -> Path | None:
    """Where this file of a run is to be read, None when there is none; `folder` takes what has to be fetched.

    What is there need not be whole, nor a file: reading it shows.
    """
    local = local_folder(run)
    if local is not None:  # in place: asking MLflow copies every file, one by one, and looks the run up for each
        return local / name if os.path.lexists(local / name) else None
    fetched = folder / str(run.info.run_id)
    if not (fetched / name).is_file():
        if name not in {entry.path for entry in client.list_artifacts(run.info.run_id)}:
            return None
        fetched.mkdir(parents=True, exist_ok=True)
        client.download_artifacts(run.info.run_id, name, str(fetched))
    return fetched / name


def attach(client: MlflowClient, run: Run, files: Mapping[str, bytes | Path]) -> None:
    """Stores files with a run by name, which may lie in a folder, in place of earlier ones.

    A folder of this machine is written to here, each file as a whole: MLflow would look the run up once more to know
    where that is.
    """
    local = local_folder(run)
    if local is not None:
        _write_into(local, files)
        return
    with TemporaryDirectory() as folder:
        _write_into(Path(folder), files)
        client.log_artifacts(run.info.run_id, folder)


def _write_into(folder: Path, files: Mapping[str, bytes | Path]) -> None:
    for name, content in files.items():
        if isinstance(content, Path):
            placed(content, folder / name)
            continue
        with written_whole(folder / name) as path:
            path.write_bytes(content)


def local_folder(run: Run) -> Path | None:
    """The folder of this machine that a run's files are in; None where they are kept elsewhere."""
    where = urlsplit(run.info.artifact_uri)
    if where.scheme not in ("", "file"):
        return None
    return Path(unquote(where.path) if where.scheme else run.info.artifact_uri)
