"""The files of a run: read in place where the store is a local one, else fetched; and new ones attached."""

from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from mlflow import MlflowClient
from mlflow.entities import Run

from gradstudy.tracking.address_check import shown


def address(run: Run, name: str, store: str) -> str:
    """Where does a person open this file? At a path, on the server's page that shows it, or in what keeps its files."""
    if urlsplit(store).scheme in ("http", "https"):
        where = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts/{name}"
        return f"{shown(store).rstrip('/')}/{where}"
    folder = _local_folder(run)
    return f"{run.info.artifact_uri}/{name}" if folder is None else str((folder / name).absolute())


def artifact(client: MlflowClient, run: Run, name: str, folder: Path) -> Path | None:
    """Where can this file of a run be read? None when there is no such file; `folder` takes what has to be fetched."""
    local = _local_folder(run)
    if local is not None:  # in place: asking MLflow copies every file, one by one, and looks the run up for each
        return local / name if (local / name).is_file() else None
    fetched = folder / str(run.info.run_id)
    if not (fetched / name).is_file():
        if name not in {entry.path for entry in client.list_artifacts(run.info.run_id)}:
            return None
        fetched.mkdir(parents=True, exist_ok=True)
        client.download_artifacts(run.info.run_id, name, str(fetched))
    return fetched / name


def attach(client: MlflowClient, run_id: str, name: str, content: bytes) -> None:
    """Stores a file of this name, which may lie in a folder, with a run; in place of an earlier one, all at once."""
    place = PurePosixPath(name)
    with TemporaryDirectory() as folder:
        path = Path(folder) / place.name
        path.write_bytes(content)
        client.log_artifact(run_id, str(path), str(place.parent) if place.parent.name else None)


def _local_folder(run: Run) -> Path | None:
    """The folder of this machine that a run's files are in; None where they are kept elsewhere."""
    where = urlsplit(run.info.artifact_uri)
    if where.scheme not in ("", "file"):
        return None
    return Path(unquote(where.path) if where.scheme else run.info.artifact_uri)
