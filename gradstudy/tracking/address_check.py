"""Is this the address of an MLflow store, and can it be written? Answered without making or writing anything."""

import os
import re
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import unquote, urlsplit

import mlflow.environment_variables as mlflow_settings
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from gradstudy.errors import InputError, nearest

DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
SQLITE = b"SQLite format 3\0"
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


def check_writable(address: str) -> None:
    """InputError when this is a local store that cannot be written; others find out when they are asked."""
    scheme = _scheme(address)
    if scheme == "sqlite":
        path = Path(make_url(address).database or "").absolute()
        _check_folder(path.parent, address)
        if path.exists() and not _is_database(path):
            raise InputError(f"{path} is not an SQLite database that can be written, got '{address}'. {WAY_OUT}")
    elif scheme in ("", "file"):
        path = Path(unquote(urlsplit(address).path)).absolute()
        _check_folder(path if path.exists() else path.parent, address)


def shown(address: str) -> str:
    """The address as it may be printed: without its password."""
    return re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", address)


def _scheme(address: str) -> str:
    start = re.match(r"(\w+)(\+\w+)?:", address)
    scheme = start[1] if start else ""
    plugins = [plugin.name for plugin in entry_points(group="mlflow.tracking_store")]
    known = ["http", "https", "file", *DATABASES, "databricks", *plugins]
    if scheme and scheme not in known:
        wanted = f"The tracking address must start with one of {', '.join(known)}"
        raise InputError(f"{wanted}, got '{shown(address)}'.{nearest(scheme, known)}")
    return scheme


def _check_server(address: str) -> None:
    try:
        named = urlsplit(address)
        complete = bool(named.hostname) and named.port != 0
    except ValueError:
        complete = False
    if not complete:
        raise InputError(f"A tracking server needs a host, such as http://127.0.0.1:5000, got '{shown(address)}'.")


def _check_database(address: str) -> None:
    try:
        url = make_url(address)
        url.get_dialect().import_dbapi()
    except (ArgumentError, ValueError) as error:
        raise InputError(f"The tracking address '{shown(address)}' is no database address: {error}") from error
    except ImportError as error:
        raise InputError(f"The tracking address '{shown(address)}' needs a driver: {error}. Install it.") from error
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise InputError(f"A database in memory would forget the study, got '{address}'. {WAY_OUT}")


def _check_folder_store(address: str) -> None:
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
