"""Files that are there as a whole or not at all, whatever moment the driver is killed at."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from secrets import token_hex
from shutil import copyfile

UNFINISHED, DAMAGED = ".part", ".damaged"
"""Endings of a file that is being written, of which what a killed driver leaves means nothing; and of one that is kept
for a person to look at."""


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Gives a path for content that then appears, all at once, at `path`; makes its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _unfinished(path)
    # Made here, and as a new file: what lies under a name that others can guess may be a link to somewhere else.
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield unfinished
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())  # a rename may reach the disk before the content does: an empty file at a crash
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def placed(source: Path, path: Path) -> None:
    """Has what was written whole at `source` be at `path` as well, in place of what was there; makes its folder.

    As a link: it takes no second room, and no wait for the disk. Whoever writes here replaces files and never changes
    one, so neither name sees what becomes of the other. A copy where there are no links, as from one disk to another.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _unfinished(path)
    try:
        os.link(source, unfinished)
        os.replace(unfinished, path)
    except OSError:
        with written_whole(path) as copy:
            copyfile(source, copy)
    finally:
        unfinished.unlink(missing_ok=True)


def set_aside(path: Path) -> Path:
    """Gives what is damaged another name beside it, which is returned: nobody reads it, and nothing is deleted."""
    endings = chain([DAMAGED], (f"{DAMAGED}-{number}" for number in count(2)))
    free = next(one for one in (path.with_name(path.name + ending) for ending in endings) if not os.path.lexists(one))
    return path.rename(free)


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{path.name[:50]}.{token_hex(8)}{UNFINISHED}")
