"""Making a local store, whole or not at all: MLflow cannot go on with tables that a killed process half made.

MLflow makes its tables through all of its migrations, which takes a second of a processor or more; so it does that once
per user, and a new store begins as a copy of what came of it, kept packed in the user's cache. No table has anything of
its own by then: MLflow adds its default experiment, with the time and the place of its artifacts, at the first opening.
"""

from __future__ import annotations

import gzip
import os
import sqlite3
import time
import zlib
from contextlib import closing, suppress
from dataclasses import replace
from glob import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from gradstudy.atomic_file import written_whole
from gradstudy.locking.holder import Holder
from gradstudy.user_cache import cache_folder

MAKING = 600.0
"""Seconds after which nobody is making a database any more."""


def make_database(path: Path) -> None:
    """Makes a local store under a name of its own beside the place, and links it there.

    That fails where another launch was faster: nobody waits for a lock, and no database that is in use is replaced.
    """
    from mlflow import MlflowClient

    for leftover in path.parent.glob(f"{escape(path.name)}.part-*"):
        if not _is_being_made(leftover):
            leftover.unlink(missing_ok=True)
    here = Holder.here()
    part = path.with_name(f"{path.name}.part-{here.host}-{here.pid}-{here.started}-{uuid4().hex[:8]}").absolute()
    try:
        if not _copied(part):
            _make_tables(part)
        MlflowClient(tracking_uri=f"sqlite:///{part}").search_experiments(max_results=1)
        try:
            os.link(part, path)
        except OSError:  # another launch was faster, or a file system that has no links
            if not path.exists():
                os.replace(part, path)
    finally:
        for made in path.parent.glob(f"{escape(part.name)}*"):
            made.unlink(missing_ok=True)


def kept_tables() -> Path:
    """Where the tables are kept that these versions make."""
    made_by = "_".join(f"{name}-{version(name)}" for name in ("mlflow", "sqlalchemy", "alembic"))
    return cache_folder() / f"tables_{made_by}.db.gz"


def _copied(part: Path) -> bool:
    """Whether it has got the tables that are kept; not where none are, they are damaged, or MLflow would move on."""
    from mlflow.store.db import utils

    with suppress(OSError, EOFError, zlib.error, sqlite3.Error, AttributeError):
        tables = gzip.decompress(kept_tables().read_bytes())  # what is damaged does not unpack
        with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644), "wb") as file:  # as SQLite makes files
            file.write(tables)
        with closing(sqlite3.connect(part)) as opened:
            revisions = opened.execute("SELECT version_num FROM alembic_version").fetchall()
        if revisions == [(cast(Any, utils)._get_latest_schema_revision(),)]:
            return True
    part.unlink(missing_ok=True)
    return False


def _make_tables(part: Path) -> None:
    """Has MLflow make its tables, and keeps them; an MLflow that cannot make them alone does so at its opening."""
    from mlflow.store.db import utils
    from sqlalchemy.engine import URL, create_engine

    if make := getattr(utils, "_initialize_tables", None):
        engine = create_engine(URL.create("sqlite", database=str(part)))
        make(engine)
        engine.dispose()
        with suppress(OSError), written_whole(kept_tables()) as file:  # one that cannot be written: made every time
            file.write_bytes(gzip.compress(part.read_bytes()))


def _is_being_made(part: Path) -> bool:
    """Whether somebody may still be making it, which takes a second: a process that is there, or on another host."""
    host, pid, started, _ = part.name.rpartition(".part-")[2].rsplit("-", 3) if part.name.count("-") > 3 else [""] * 4
    here = Holder.here()
    if host == here.host and pid.isdecimal():
        return not replace(here, pid=int(pid), started=started).is_gone
    with suppress(FileNotFoundError):
        return bool(host) and time.time() - part.stat().st_mtime < MAKING
    return False
