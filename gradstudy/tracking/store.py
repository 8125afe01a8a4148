"""Opening MLflow: which store is meant, can it be used, and a client for it that is quiet and gives up soon."""

import logging
import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import unquote, urlsplit

import mlflow
import mlflow.environment_variables as mlflow_settings
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from requests import RequestException
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from gradstudy.errors import InputError, TrackingAway, nearest
from gradstudy.parts import Part, number

DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
WITHOUT_CHECK = ("databricks",)
WAY_OUT = "Set tracking.uri to a database such as sqlite:///mlflow.db, or to a server such as http://127.0.0.1:5000."


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
        return f"open {address}"
    default = address == store_address(Mlflow()) and not mlflow_settings.MLFLOW_TRACKING_URI.get()
    return "mlflow ui" if default else f"mlflow ui --backend-store-uri '{address}'"


def check_store(settings: Mlflow) -> None:
    """Could a study be stored there? InputError if not; nothing is made. A server that is down is no wrong input."""
    address = store_address(settings)
    scheme = _scheme(address)
    if scheme in ("http", "https"):
        _check_server(address)
    elif scheme in DATABASES:
        _check_database(address)
    elif scheme in ("", "file"):
        _check_folder_store(address)


def connect(settings: Mlflow) -> MlflowClient:
    """A client for the store, which is made if it is a local one that is not there yet (some 1.5 s)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's and SQLAlchemy's advice to each other
        _hush()
        return MlflowClient(tracking_uri=store_address(settings))


@contextmanager
def answering(settings: Mlflow) -> Iterator[None]:
    """Turns whatever keeps the store from answering into TrackingAway, which says what it was."""
    try:
        yield
    except (MlflowException, RequestException, OSError) as error:
        raise TrackingAway(f"MLflow at {store_address(settings)} did not answer: {_brief(error)}") from error


def is_missing(settings: Mlflow) -> bool:
    """Is this a local database that was never made?"""
    address = store_address(settings)
    return address.startswith("sqlite:") and not Path(make_url(address).database or "").exists()


def _hush() -> None:
    # A study must not stand still for minutes per trial when the server is away: by default MLflow tries 8 times,
    # up to 120 s each. What was measured waits on disk.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    # These would write into the progress display: one line per run, one bar per file.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    for name in ("alembic", "mlflow", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _scheme(address: str) -> str:
    scheme = urlsplit(address).scheme.partition("+")[0] if ":" in address else ""
    plugins = [plugin.name for plugin in entry_points(group="mlflow.tracking_store")]
    known = ["http", "https", "file", *DATABASES, *WITHOUT_CHECK, *plugins]
    if scheme and scheme not in known:
        raise InputError(
            f"The tracking address must start with one of {', '.join(known)}, got '{address}'.{nearest(scheme, known)}"
        )
    return scheme


def _check_server(address: str) -> None:
    try:
        named = urlsplit(address)
        complete = bool(named.hostname) and named.port != 0
    except ValueError:
        complete = False
    if not complete:
        raise InputError(f"A tracking server needs a host, such as http://127.0.0.1:5000, got '{address}'.")


def _check_database(address: str) -> None:
    try:
        url = make_url(address)
        url.get_dialect().import_dbapi()
    except ArgumentError as error:
        raise InputError(f"The tracking address '{address}' is not the address of a database: {error}") from error
    except ImportError as error:
        raise InputError(f"The tracking address '{address}' needs a driver that is not installed: {error}") from error
    if url.get_backend_name() == "sqlite":
        _check_sqlite(url)


def _check_sqlite(url: URL) -> None:
    if url.database in (None, "", ":memory:"):
        raise InputError(f"A database in memory would forget the study, got '{url}'. {WAY_OUT}")
    path = Path(url.database)
    _check_writable(path.absolute().parent, url)
    if path.exists() and not _is_database(path):
        raise InputError(f"{path.absolute()} is not an SQLite database that can be written, got '{url}'. {WAY_OUT}")


def _check_folder_store(address: str) -> None:
    allowed = getattr(mlflow_settings, "MLFLOW_ALLOW_FILE_STORE", None)  # MLflow before 3.13 has no such doubt
    if allowed is not None and not allowed.get():
        raise InputError(f"MLflow no longer keeps runs in a folder of files, got '{address}'. {WAY_OUT}")
    path = Path(unquote(urlsplit(address).path)).absolute()
    _check_writable(path if path.exists() else path.parent, address)


def _check_writable(folder: Path, address: object) -> None:
    if not folder.is_dir():
        raise InputError(f"The tracking address '{address}' lies in {folder}, which is not a folder. {WAY_OUT}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"The tracking address '{address}' lies in {folder}, which cannot be written. {WAY_OUT}")


def _is_database(path: Path) -> bool:
    if not (path.is_file() and os.access(path, os.W_OK)):
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.execute("PRAGMA schema_version")
    except sqlite3.DatabaseError as error:
        return "locked" in str(error)
    return True


def _brief(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
