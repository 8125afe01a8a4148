"""One driver per study's folder, by the kernel's own lock, which ends with its process, however that ends."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import ETIMEDOUT
from pathlib import Path
from threading import Thread

from filelock import BaseFileLock, FileLock, Timeout

from gradstudy.errors import InputError
from gradstudy.locking.holder import Holder, read_holder, refusal

LOCK, HOLDER = "driver.lock", "driver.json"
"""Files in a study's folder."""
DRIVE_ANSWERS = 10.0
"""Seconds in which a file system has to answer."""


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Holds the study in `folder` for this driver, until the end; InputError while another one does.

    Who holds it stands in a file beside the lock, which says nothing by itself: a killed driver leaves it behind.
    """
    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        _acquire(lock)
    except Timeout:
        raise InputError(refusal(str(folder), _locker(folder))) from None
    except (OSError, NotImplementedError) as error:
        raise InputError(
            f"A driver locks its study by {folder.absolute() / LOCK}, which must be a file that it can write and lock, "
            f"but it {_fault(folder / LOCK, error)}. Remove it, and give the same command again."
        ) from error
    try:
        holder = folder / HOLDER
        with suppress(OSError):  # it only tells others who this is
            holder.write_text(json.dumps(Holder.here().to_json()), encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            (folder / HOLDER).unlink(missing_ok=True)
        lock.release()


def _acquire(lock: BaseFileLock) -> None:
    """Takes the lock, or raises what keeps it from that; within seconds, also where its file system does not answer."""
    raised: list[BaseException] = []

    def acquire() -> None:
        try:
            lock.acquire(timeout=0)
        except BaseException as error:
            raised.append(error)

    asked = Thread(target=acquire, daemon=True)  # a call to a network drive that is away ends with the process only
    asked.start()
    asked.join(DRIVE_ANSWERS)
    if asked.is_alive():
        raise OSError(ETIMEDOUT, f"its drive did not answer for {DRIVE_ANSWERS:g} s")
    if raised:
        raise raised[0]


def _locker(folder: Path) -> str:
    """Who holds the lock: the driver that wrote that it does, or else whatever process the system names."""
    holder = read_holder(folder / HOLDER)
    if holder and not holder.is_gone:
        return str(holder)
    pid = _locking_process(folder / LOCK)
    if pid is None:  # a driver that has only just begun, or is just ending; or on a machine that does not say
        return "another process"
    name = ""
    with suppress(OSError):
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    return f"another process, {pid}{name and f' ({name})'}"


def _locking_process(path: Path) -> int | None:
    """The process that locks this file, as Linux lists them: `1: FLOCK ADVISORY WRITE 708 08:01:393 0 EOF`."""
    with suppress(OSError, ValueError, IndexError):
        file = path.stat()
        place = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            words = [word for word in line.split() if word != "->"]
            if words[5] == place and int(words[4]) > 0:
                return int(words[4])
    return None


def _fault(path: Path, error: Exception) -> str:
    if path.is_symlink():
        return "is a link"
    if path.is_dir():
        return "is a folder"
    return f"cannot be locked: {getattr(error, 'strerror', None) or error}"
