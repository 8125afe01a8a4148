"""Where a study's trials are kept: a journal that survives a killed driver, or a database, which drivers share."""

import json
import os
import re
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError

from gradstudy.disk import GOES_ON, Unwritten, refusal_words, writing
from gradstudy.errors import InputError, TrackingAway, first_line
from gradstudy.locking.hold import Hold
from gradstudy.masking import remember
from gradstudy.search.database_board import DatabaseBoard

JOURNAL = "journal.log"
"""The file in a study's folder."""
RACES = 6
"""How often a database is opened again, twice a second, while another launch makes its tables."""
HELD_IN_DATABASE = "search"
"""What a launch calls its claim to a study in a database."""
CONNECTING = "20"
"""Seconds in which PostgreSQL has to accept a connection; its own default is minutes."""


def open_storage(url: str, folder: Path, say: Callable[[str], object] = print) -> BaseStorage:
    """The storage of a study's trials: `folder/journal.log` for an empty `url`, or else the database it names.

    The caller holds the study's lock, so whatever a killed driver left behind in the folder is nobody's: its lock is
    removed and a half-written last line is cut off. A journal that cannot be read is set aside, and `say` is told.
    InputError for a database that cannot be opened.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if url:
        return _database(url)
    with writing(folder.absolute()):
        return _journal(folder.absolute() / JOURNAL, say)


@contextmanager
def reachable(url: str) -> Iterator[None]:
    """Inside, a database of this address that goes away is TrackingAway: what is measured is stored elsewhere first."""
    try:
        yield
    except (SQLAlchemyError, StorageInternalError) as error:
        if not url:
            raise
        raise TrackingAway(  # without its cause, whose own words a traceback would show, with their password
            f"The database of search.storage, {url}, went away: {first_line(error)}. What was measured is stored; when "
            "the database answers again, the same command goes on."
        ) from None


def begin_anew(folder: Path, why: str, say: Callable[[str], object]) -> None:
    """Keeps a study's journal under another name beside its place, where a new one begins; `say` is told."""
    journal = folder.absolute() / JOURNAL
    aside = next(path for n in count(1) if not (path := journal.with_name(f"{JOURNAL}.damaged-{n}")).exists())
    os.replace(journal, aside)
    say(
        f"The search's journal {journal} is damaged ({why}): it is kept as {aside.name}, and made anew from the stored "
        "trials."
    )


def claim(storage: BaseStorage, name: str, hold: Hold) -> None:
    """Has this driver hold the study of this name in a database; a journal's folder is held as it is.

    InputError naming the driver that holds it already.
    """
    if isinstance(storage, RDBStorage):
        where = storage.engine.url.set(query={}).render_as_string(hide_password=True)
        hold.take(HELD_IN_DATABASE, DatabaseBoard(storage.engine, name, where).ready())


def scratch_storage() -> BaseStorage:
    """A storage that ends with this process, for looking ahead."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return InMemoryStorage()


def _journal(path: Path, say: Callable[[str], object]) -> BaseStorage:
    for leftover in path.parent.glob(f"{path.name}.lock*"):  # Optuna's lock, and what it is renamed to on release
        leftover.unlink(missing_ok=True)
    if path.is_file():
        _cut_torn_tail(path)
    try:
        return JournalStorage(_Journal(str(path)))  # reads all of it
    except Exception as error:  # what Optuna says to lines that are none of its own is of any kind
        why = first_line(error)
    begin_anew(path.parent, why, say)
    return JournalStorage(_Journal(str(path)))


class _Journal(JournalFileBackend):
    """Optuna's journal, which tells what keeps it from being written."""

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        with writing(Path(self._file_path).parent):
            super().append_logs(logs)

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        try:
            yield from super().read_logs(log_number_from)
        except FileNotFoundError as error:
            raise Unwritten(f"{refusal_words(Path(self._file_path).parent, error)} {GOES_ON}") from error


def _cut_torn_tail(path: Path) -> None:
    """Ends the journal after its last whole line.

    Optuna passes over a torn last line when reading, but would write the next one behind it and then read neither.
    Cutting is one system call: killed here, the journal is either torn still or whole.
    """
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    last = content.rfind(b"\n", 0, max(whole - 1, 0)) + 1
    if not _is_json(content[last:whole]):
        whole = last
    if whole < len(content):
        os.truncate(path, whole)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _database(url: str) -> BaseStorage:
    remember(url)
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):  # whose message may hold a password, as may all but the URL's first word
        address = None
    if address is None:
        raise InputError(
            "search.storage must be empty (a journal file) or a database URL such as postgresql://user@host/name, "
            f"got one that begins with {url.partition(':')[0]!r}."
        )
    os.environ.setdefault("PGCONNECT_TIMEOUT", CONNECTING)
    try:
        return _with_tables(url)
    except Exception as error:  # whatever SQLAlchemy, its driver or Optuna's schema check says
        reason = first_line(error)
    shown = address.set(query={}).render_as_string(hide_password=True)
    raise InputError(  # outside the handlers, whose traceback would show the URL
        f"search.storage must name a database that can be opened, but {shown} cannot: {reason}. "
        "Check the URL and that the database is up, or leave search.storage empty for a journal file."
    )


def _with_tables(url: str) -> RDBStorage:
    """Optuna makes its tables at the first opening, and fails where another launch is doing so at the same moment."""
    for _ in range(RACES):
        try:
            return RDBStorage(url)
        except DBAPIError as error:
            if not isinstance(error, IntegrityError) and not re.search("already exists|is locked", str(error)):
                raise
            time.sleep(0.5)
    return RDBStorage(url)
