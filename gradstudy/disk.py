"""A disk that takes nothing more, as it is full, read-only or gone: told with its folder, what is free and needed."""

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gradstudy.errors import InputError, TrackingAway

FULL = (errno.ENOSPC, errno.EDQUOT)
GONE = (errno.ENOENT, errno.ENOTDIR, errno.ESTALE)
SQLITE_FULL = "database or disk is full"
GOES_ON = (
    "What was stored before is safe, and nothing is half-written; the same command goes on where this one stopped."
)


class Unwritten(TrackingAway):
    """Something could not be written to disk: the message says where, why, and what to do. Exit code 3."""


@contextmanager
def writing(folder: Path, needed: Callable[[], int] = int) -> Iterator[None]:
    """Inside, whatever keeps a file in this folder from being written is raised as Unwritten.

    `needed` tells some number of bytes that whoever writes will need in all, 0 where nobody knows.
    """
    try:
        yield
    except OSError as error:
        raise Unwritten(f"{refusal_words(folder, error, needed())} {GOES_ON}") from error


@contextmanager
def beginning() -> Iterator[None]:
    """Inside, what cannot be written is InputError: nothing was measured yet."""
    try:
        yield
    except Unwritten as error:
        raise InputError(error) from error


def refusal_words(folder: Path, error: OSError, needed: int = 0) -> str:
    """Why nothing can be written there, and what a person can do about it."""
    if error.errno in FULL:
        return full_words(folder, needed)
    if error.errno == errno.EFBIG:
        return f"A file in {folder} may not become larger: it is limited (ulimit -f). Raise the limit."
    if error.errno == errno.EROFS:
        return f"The disk of {folder} is read-only. Make it writable."
    if error.errno in GONE:
        return f"The folder {folder} is gone: it was removed or moved meanwhile. Put it back if you can."
    return f"Nothing can be written in {folder}: {(error.strerror or str(error)).lower()}. Make it writable."


def full_words(folder: Path, needed: int = 0) -> str:
    """That a disk is full, with what is free of it, and what is needed if that is known."""
    free = free_space(folder)
    told = [f"{size_words(free)} free"] if free is not None else []
    told += [f"some {size_words(needed)} needed"] if needed else []
    room = f" ({', '.join(told)})" if told else ""
    return f"The disk of {folder} has no room left{room}. Make room there."


def check_room(folder: Path, needed: int) -> None:
    """InputError where it is known that there is less room than this."""
    free = free_space(folder)
    if free is not None and free < needed:
        raise InputError(f"{full_words(folder, needed)} Nothing was begun.")


def free_space(folder: Path) -> int | None:
    """The bytes that are free for whoever runs this, None where nobody can say."""
    with suppress(OSError):
        return shutil.disk_usage(folder).free
    return None


def size_words(size: float) -> str:
    """`12 kB`, `3.4 MB`"""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"


def is_full(error: BaseException | None) -> bool:
    """Whether this, or what it was raised from, is a full disk; SQLite says so in words of its own."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        if SQLITE_FULL in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
