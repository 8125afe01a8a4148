"""Opening MLflow: which store is meant, can it be used, and a client for it that is quiet and gives up soon."""

import hashlib
import logging
import os
import shlex
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import mlflow
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from requests import RequestException
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from gradstudy.errors import TrackingAway
from gradstudy.parts import Part, number
from gradstudy.tracking.address_check import check_address, check_writable, shown


@dataclass(frozen=True)
class Mlflow(Part):
    """Which store, and how finely? `points` is the most that a curve may have.

    An empty `uri` means MLflow's own default: MLFLOW_TRACKING_URI, or sqlite:///mlflow.db in the working folder.
    """

    uri: str = ""
    points: int = number(50, at_least=2)


def store_address(settings: Mlflow) -> str:
    """Where do these settings store a study?"""
    address = settings.uri or mlflow.get_tracking_uri()
    # MLflow quotes the blanks in its default, and then makes an empty folder of the quoted name.
    return unquote(address) if address.startswith("sqlite:") else address


def ui_command(address: str) -> str:
    """How does a person look at this store?"""
    if urlsplit(address).scheme in ("http", "https"):
        return f"open {shown(address)}"
    return shlex.join(["mlflow", "ui", "--backend-store-uri", shown(address)])


def check_store(settings: Mlflow) -> None:
    """Could a study be stored there? InputError if not; nothing is made. A server that is down is no wrong input."""
    check_address(store_address(settings))
    check_writable(store_address(settings))


def is_missing(settings: Mlflow) -> bool:
    """Is this a local database that was never made?"""
    address = store_address(settings)
    return address.startswith("sqlite:") and not Path(make_url(address).database or "").exists()


def connect(settings: Mlflow) -> MlflowClient:
    """A client for the store; a local one that is not there yet is made (some 1.5 s)."""
    _be_brief()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's and SQLAlchemy's advice to each other, on first use
        if is_missing(settings):
            _make_database(Path(make_url(store_address(settings)).database or ""))
        return MlflowClient(tracking_uri=store_address(settings))


@contextmanager
def answering(settings: Mlflow) -> Iterator[None]:
    """Turns whatever keeps the store from answering into TrackingAway, which says what it was."""
    try:
        yield
    except (MlflowException, RequestException, SQLAlchemyError, OSError) as error:
        address = shown(store_address(settings))
        raise TrackingAway(f"MLflow at {address} did not answer: {_first_line(error)}") from error


def _make_database(path: Path) -> None:
    """Makes a local store whole or not at all: MLflow cannot go on with tables that a killed process half made."""
    name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    with FileLock(Path(tempfile.gettempdir()) / f"gradstudy-{name}.lock"):
        for leftover in path.parent.glob(f"{path.name}.part-*"):
            leftover.unlink()
        if path.exists():  # another study was faster
            return
        part = path.with_name(f"{path.name}.part-{uuid4().hex[:8]}").absolute()
        MlflowClient(tracking_uri=f"sqlite:///{part}").search_experiments(max_results=1)
        os.replace(part, path)


def _be_brief() -> None:
    # A study must not stand still for minutes per trial when the server is away: by default MLflow tries 8 times,
    # up to 120 s each. What was measured waits on disk.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    # These would write into the progress display: a line per run, a bar per file, a line per table made or retry.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    for name in ("alembic", "mlflow.store.db.utils", "urllib3.connectionpool"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
