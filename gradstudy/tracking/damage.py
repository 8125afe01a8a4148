"""Stored files that are not as they were written: whoever reads one notices it here, and it is told in one way."""

import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from gradstudy.errors import InputError
from gradstudy.masking import masked

MAGIC = b"PAR1"
"""How a Parquet file begins and ends; the last bytes are written last, so what was cut off lacks them."""
MOST_TOLD = 3
ReadBack = TypeVar("ReadBack")
"""What is read of a file."""


class Damaged(InputError):
    """A stored file that is not as it was written: `told` is where and why, without what to do about it.

    Whoever can do without the file catches this; for whoever cannot, the message says what a person can do.
    """

    def __init__(self, where: Path | str, reason: str):
        place = where.absolute() if isinstance(where, Path) else where
        self.told = masked(f"{place} ({reason})")
        super().__init__(
            f"A stored file cannot be read: {self.told}. Put back a copy of it, or give the study's own command again: "
            "what cannot be had from elsewhere is measured again."
        )


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Inside, whatever shows that this file is not as it was written is raised as Damaged."""
    try:
        check_file(path)
        yield
    except Damaged:
        raise
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise Damaged(path, _reason(error, path)) from error


def check_file(path: Path) -> None:
    """Damaged unless this is a file with something in it; a pipe would be waited for without end."""
    try:
        found = path.stat()
    except OSError as error:
        link = " it is a link to nothing" if path.is_symlink() else ""
        raise Damaged(path, (link or f" {_reason(error, path)}").strip()) from error
    if not stat.S_ISREG(found.st_mode):
        raise Damaged(path, "it is a folder" if stat.S_ISDIR(found.st_mode) else "it is a pipe or a device, no file")
    if not found.st_size:
        raise Damaged(path, "it is empty")


def check_parquet(path: Path) -> None:
    """Damaged where it can be seen, at 30 microseconds, that this is no whole Parquet file."""
    with reading(path), path.open("rb") as file:
        start, size = file.read(len(MAGIC)), file.seek(0, os.SEEK_END)
        file.seek(max(size - 8, 0))
        end = file.read()
        if start != MAGIC:
            raise ValueError("it is no Parquet file")
        if end[4:] != MAGIC or int.from_bytes(end[:4], "little") + 12 > size:
            raise ValueError("its end is missing")


def told_of(damaged: Sequence[Damaged]) -> str:
    """`/a/trial_00001.parquet (it is empty), /a/trial_00003.parquet (it is gone) and 5 more`."""
    told = ", ".join(one.told for one in damaged[:MOST_TOLD])
    return told + (f" and {len(damaged) - MOST_TOLD} more" if len(damaged) > MOST_TOLD else "")


def _reason(error: BaseException, path: Path) -> str:
    """What went wrong, in one line without the path, which is told beside it."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "it is gone"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    said = next(iter(str(error).splitlines()), "").replace(f" '{path}'", "").strip().rstrip(".")
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return "it is no JSON, or a part of it"
    if isinstance(error, KeyError):
        return f"it lacks {said}"
    return said or type(error).__name__
