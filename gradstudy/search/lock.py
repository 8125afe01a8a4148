"""One driver per study: a second one is refused, naming the first."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from gradstudy.errors import InputError

LOCK = "driver.lock"
HOLDER = "driver.json"


@contextmanager
def study_lock(folder: Path) -> Iterator[None]:
    """Holds the study in `folder` for this driver, until the end; InputError while another one does.

    The lock is the kernel's, so it ends with its process, however that ends. Who holds it stands in a file beside it,
    which says nothing by itself: a killed driver leaves it behind.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"A study is run by one driver at a time, and the one in {folder} is being run by {_holder(folder)}. "
            "Wait for it to end, or stop it and give the same command again."
        ) from None
    try:
        _sign(folder)
        yield
    finally:
        (folder / HOLDER).unlink(missing_ok=True)
        lock.release()


def _sign(folder: Path) -> None:
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
    (folder / HOLDER).write_text(json.dumps(holder), encoding="utf-8")


def _holder(folder: Path) -> str:
    try:
        holder = json.loads((folder / HOLDER).read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):  # it has only just begun, or is just ending
        return "another process"
