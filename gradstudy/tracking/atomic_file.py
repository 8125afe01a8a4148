"""Files that are there as a whole or not at all, whatever moment the driver is killed at."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNFINISHED = ".part"
"""Ending of a file that is being written; what is left of one by a killed driver means nothing."""


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Gives a path for content that then appears, all at once, at `path`; makes its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + UNFINISHED)
    try:
        yield unfinished
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())  # a rename may reach the disk before the content does: an empty file at a crash
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
