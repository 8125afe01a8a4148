"""The files of a run: read in place where the store is a local one, else fetched; and new ones attached."""

from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from mlflow import MlflowClient
from mlflow.entities import Run


def artifact(client: MlflowClient, run: Run, name: str, folder: Path) -> Path | None:
    """Where can this file of a run be read? None when there is no such file; `folder` takes what has to be fetched."""
    address = urlsplit(run.info.artifact_uri)
    if address.scheme in ("", "file"):
        # In place: asking MLflow copies every file, one by one, and looks the run up for each.
        path = Path(unquote(address.path) if address.scheme else run.info.artifact_uri) / name
        return path if path.is_file() else None
    fetched = folder / run.info.run_id
    if not (fetched / name).is_file():
        if name not in {entry.path for entry in client.list_artifacts(run.info.run_id)}:
            return None
        fetched.mkdir(parents=True, exist_ok=True)
        client.download_artifacts(run.info.run_id, name, str(fetched))
    return fetched / name


def attach(client: MlflowClient, run_id: str, name: str, content: bytes) -> None:
    """Stores a file of this name with a run, in place of an earlier one."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        client.log_artifact(run_id, str(path))
