"""Who runs a study: a process, told so that a person finds it, and whether it is still there."""

import getpass
import json
import os
import socket
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import getnode


@dataclass(frozen=True)
class Holder:
    """A process that runs a study.

    `machine` tells apart what has the same host name: machines, containers, a machine before and after it was started
    again. `started` is when the process began, in the system's own count, so that another one that got its number later
    is not taken for it.
    """

    pid: int
    host: str
    since: str
    user: str = ""
    machine: str = ""
    started: str = ""

    @staticmethod
    def here() -> "Holder":
        """This process, which begins to run a study now."""
        user = ""
        with suppress(KeyError, ImportError, OSError):  # in a container, the user may have no name
            user = getpass.getuser()
        since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        return Holder(os.getpid(), socket.gethostname(), since, user, _machine(), _started(os.getpid()) or "")

    def __str__(self) -> str:
        by = f", started by {self.user}" if self.user else ""
        return f"process {self.pid} on {self.host} since {self.since}{by}"

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended for sure: of one on another machine nobody here can say."""
        if self.machine != _machine():
            return False
        started = _started(self.pid)
        return started is None or bool(started and self.started and started != self.started)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(stored: Any) -> "Holder":
        """ValueError, KeyError or TypeError for what says nobody; what other versions say beside is passed over."""
        words = {name: str(stored.get(name, "")) for name in ("user", "machine", "started")} if stored else {}
        return Holder(int(stored["pid"]), str(stored["host"]), str(stored["since"]), **words)


def refusal(where: str, holder: object) -> str:
    """What the second driver of a study is told."""
    return (
        f"A study is run by one driver at a time, and the one in {where} is being run by {holder}. "
        "Wait for it to end, or stop it and give the same command again."
    )


def read_holder(path: Path) -> Holder | None:
    """Who a file names, None where it names nobody."""
    try:
        return Holder.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _machine() -> str:
    """This machine since it was started, and within it this container: process numbers mean the same in there only."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return f"{getnode():x}"


def _started(pid: int) -> str | None:
    """When a process of this machine began, empty where the system does not say; None where there is none."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return None if state in "ZX" else rest[18]  # ended, and its parent has not yet looked
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    if sys.platform == "win32":  # where asking would end it
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return ""
