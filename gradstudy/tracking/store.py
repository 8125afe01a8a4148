"""Opening MLflow: which store is meant, whether it can be used, and a client for it that is quiet and gives up soon."""

from __future__ import annotations

import logging
import os
import re
import shlex
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points, version
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote, urlsplit

from gradstudy.disk import check_room, free_space, full_words, is_full
from gradstudy.errors import InputError, TrackingAway, first_line, nearest
from gradstudy.masking import holds_secret, masked, remember
from gradstudy.parts import Part, number
from gradstudy.references import variable_of
from gradstudy.tracking.contact import Client, Store, said_by_mlflow
from gradstudy.tracking.new_database import make_database

if TYPE_CHECKING:
    from mlflow import MlflowClient

DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
SQLITE_BY_DEFAULT = (3, 17)
"""The version of MLflow of which it is known that its default store is a database, where it has not begun a folder."""
SQLITE = b"SQLite format 3\0"
SQLITE_PATH = re.compile(r"sqlite:///(?P<path>(?!:memory:)[^?%]+)")
"""A local database as most name theirs, told without SQLAlchemy, importing which takes .3 s of a plan."""
NEW_DATABASE = 1_200_000
"""Bytes of MLflow's tables before anything is in them."""
OPENINGS = 10
MEANWHILE = re.compile("already exists|duplicate key|UNIQUE constraint|out-of-date database schema|deadlock")
"""How often a database is opened again, once a second, while another launch makes its tables; and what is said then."""
WAY_OUT = "Set tracking.uri to a database such as sqlite:///mlflow.db, or to a server such as http://127.0.0.1:5000."


def check_address(address: str) -> None:
    """InputError when MLflow could make nothing of this address. A server that is down is no wrong input."""
    scheme = _scheme(address)
    if scheme in ("http", "https"):
        _check_server(address)
    elif scheme in DATABASES:
        _check_database(address)
    elif scheme in ("", "file"):
        _check_folder_store(address)


def _scheme(address: str) -> str:
    start = re.match(r"(\w+)(\+\w+)?:", address)
    scheme = start[1] if start else ""
    plugins = [plugin.name for plugin in entry_points(group="mlflow.tracking_store")]
    known = ["http", "https", "file", *DATABASES, "databricks", *plugins]
    if scheme and scheme not in known:
        wanted = f"The tracking address must start with one of {', '.join(known)}"
        raise InputError(f"{wanted}, got '{address}'.{nearest(scheme, known)}")
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
    if SQLITE_PATH.fullmatch(address):
        return
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
        url.get_dialect().import_dbapi()
    except (ArgumentError, ValueError) as error:
        raise InputError(f"The tracking address '{address}' is no database address: {error}") from error
    except ImportError as error:
        raise InputError(f"The tracking address '{address}' needs a driver: {error}. Install it.") from error
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise InputError(f"A database in memory would forget the study, got '{address}'. {WAY_OUT}")


def _check_working_folder(file: Path, address: str) -> None:
    """InputError for a database in a working folder with a question mark, where MLflow takes a query to begin.

    Nobody asks where that folder is, which may be gone, for a file that lies elsewhere.
    """
    if file.is_absolute() and "?" not in address:
        return
    here = str(Path.cwd())
    if "?" in here and (here in address or not file.is_absolute()):
        raise InputError(
            f"MLflow cannot keep a database in a folder with a question mark in its name, got '{here}'. "
            "Give the folder another name, or set tracking.uri to a database elsewhere."
        )


def _check_folder_store(address: str) -> None:
    import mlflow.environment_variables as mlflow_settings

    allowed = getattr(mlflow_settings, "MLFLOW_ALLOW_FILE_STORE", None)  # older MLflow has no such doubt
    if allowed is not None and not allowed.get():
        raise InputError(f"MLflow no longer keeps runs in a folder of files, got '{address}'. {WAY_OUT}")


def _check_folder(folder: Path, address: str) -> None:
    if not folder.is_dir():
        raise InputError(f"The tracking address '{address}' lies in {folder}, which is not a folder. {WAY_OUT}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"The tracking address '{address}' lies in {folder}, which cannot be written. {WAY_OUT}")


def _is_database(path: Path) -> bool:
    if not (path.is_file() and os.access(path, os.R_OK | os.W_OK)):
        return False
    with path.open("rb") as file:  # opening it with SQLite may fail after a crash, until it is opened for writing
        return file.read(len(SQLITE)) in (b"", SQLITE)


@dataclass(frozen=True)
class Mlflow(Part, group="tracking"):
    """The settings of tracking; `points` is the most that a curve may have.

    `timeout` is how many seconds a single contact with the store may take: it is away after that, and is asked again
    later. An empty `uri` means MLflow's own default: MLFLOW_TRACKING_URI, or sqlite:///mlflow.db in the working folder.
    """

    uri: str = ""
    points: int = number(20, at_least=2, at_most=10_000)
    timeout: float = number(20.0, above=0, at_most=86_400)


def store_address(settings: Mlflow) -> str:
    """The address at which a study is stored."""
    address = settings.uri or _default_address()
    remember(address)
    # MLflow quotes the blanks in its default, and then makes an empty folder of the quoted name.
    return unquote(address) if address.startswith("sqlite:") else address


def _default_address() -> str:
    """What MLflow takes where a study names no address; where that is known, without the seconds of importing it."""
    if "mlflow" not in sys.modules:
        if uri := os.environ.get("MLFLOW_TRACKING_URI"):
            return uri
        known = tuple(map(int, version("mlflow").split(".")[:2])) >= SQLITE_BY_DEFAULT
        if known and not Path("mlruns").exists():
            return f"sqlite:///{Path('mlflow.db').absolute()}"
    import mlflow

    return mlflow.get_tracking_uri()


def without_user(address: str) -> str:
    """The address as a browser takes it, which asks for the user's name and password itself."""
    return re.sub(r"://[^/\s]*:\*\*\*@", "://", masked(address))


def ui_command(address: str) -> str:
    """What a person does to look at this store."""
    if urlsplit(address).scheme in ("http", "https"):
        return f"open {without_user(address)}"
    where = f'"${variable_of(address)}"' if holds_secret(address) else shlex.quote(address)
    return f"mlflow ui --backend-store-uri {where}"


def check_store(settings: Mlflow) -> None:
    """InputError if no study could be stored there; nothing is made. A server that is down is no wrong input."""
    address = store_address(settings)
    check_address(address)
    scheme = _scheme(address)
    if scheme == "sqlite":
        file = _database_file(address)
        _check_working_folder(file, address)
        path = file.absolute()
        _check_folder(path.parent, address)
        if not path.exists():
            check_room(path.parent, NEW_DATABASE)
        elif not _is_database(path):
            raise InputError(f"{path} is not an SQLite database that can be written, got '{address}'. {WAY_OUT}")
    elif scheme in ("", "file"):
        path = Path(unquote(urlsplit(address).path)).absolute()
        _check_folder(path if path.exists() else path.parent, address)


def is_missing(settings: Mlflow) -> bool:
    """Whether this is a local database that was never made."""
    address = store_address(settings)
    return address.startswith("sqlite:") and not _database_file(address).exists()


def _database_file(address: str) -> Path:
    if plain := SQLITE_PATH.fullmatch(address):
        return Path(plain["path"])
    from sqlalchemy.engine import make_url

    return Path(make_url(address).database or "")


def connect(settings: Mlflow) -> MlflowClient:
    """A client for the store, each call of which ends within `tracking.timeout`.

    A local store that is not there yet is made.
    """
    _be_brief(settings)
    address = store_address(settings)
    store = Store(address, settings.timeout)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's and SQLAlchemy's advice to each other, on first use
        if is_missing(settings):
            make_database(_database_file(address))
        client = Client(store, _with_tables(store))
    return cast("MlflowClient", client)


def _with_tables(store: Store) -> MlflowClient:
    """MLflow makes its tables at the first opening, and fails where another launch is doing so at the same moment."""
    from mlflow import MlflowClient

    for _ in range(OPENINGS):
        try:
            return store.asked(lambda: MlflowClient(tracking_uri=store.address))
        except said_by_mlflow() as error:
            if not MEANWHILE.search(str(error)):
                raise
            time.sleep(1.0)
    return store.asked(lambda: MlflowClient(tracking_uri=store.address))


@contextmanager
def answering(settings: Mlflow) -> Iterator[None]:
    """Turns whatever keeps the store from answering into TrackingAway, which says what it was."""
    address = settings.uri
    try:
        address = store_address(settings)  # the default one cannot be told where the working folder is gone
        yield
    except said_by_mlflow() as error:  # whose own words a traceback would show, with their password
        if is_full(error):
            raise TrackingAway(f"MLflow at {address} cannot store more. {_no_room(settings)}") from None
        raise TrackingAway(f"MLflow at {address or 'its default store'} did not answer: {first_line(error)}.") from None


def _no_room(settings: Mlflow) -> str:
    """Which disk is full: that of a local store, or that of temporary files, through which artifacts go."""
    address = store_address(settings)
    store = [_database_file(address).absolute().parent] if address.startswith("sqlite:") else []
    folders = [*store, Path(tempfile.gettempdir())]
    return full_words(min(folders, key=lambda folder: free_space(folder) or 0))


def _be_brief(settings: Mlflow) -> None:
    seconds = str(ceil(settings.timeout))
    # A study must not stand still for minutes per trial when the server is away: by default MLflow tries 8 times,
    # up to 120 s each. What was measured waits on disk.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", seconds)
    os.environ.setdefault("PGCONNECT_TIMEOUT", seconds)
    # These would write into the progress display: a line per run, a bar per file, a line per table made or retry.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    for name in ("alembic", "urllib3.connectionpool"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # It logs the traceback of every exception that it raises, as where another program locks the database for a while.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL + 1)
