"""The door, tried with any input: each in a fork of this process, with limits, in a room that is looked through after.

A fork has all that is imported, so that an input costs a composition and not the seconds of a start.
"""

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gradstudy.cli import main

SECONDS, MEMORY = 20, 2 * 1024**3
"""What an input may take: of time, and of memory beside what is there already."""

ROOMS = ("work", "home", "temporary", "beside")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
RUNS = ("os.system", "os.exec", "os.posix_spawn", "pickle.find_class", "ctypes.dlopen")
ASKS_FOR_GPUS = ("ctypes.dlopen", "libnvidia-ml.so.1")
"""What a PyTorch that is built for CUDA does before it says that there are none."""
EXPECTED = {0, 2, 3}


@dataclass(frozen=True)
class Input:
    """What is typed, with the files in the working folder by their path, and what the environment says beside."""

    arguments: tuple[str, ...]
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    environment: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What came of it: the exit code (-n: ended by signal n), both outputs, seconds, bytes, and what went wrong."""

    code: int
    page: str
    message: str
    seconds: float
    memory: int
    reached: tuple[str, ...]

    @property
    def faults(self) -> list[str]:
        """Why this is no answer to a person; nothing where it is one."""
        lines = self.message.strip().splitlines()
        usage = bool(lines) and lines[0].startswith("usage:")
        found = {
            "a traceback": "Traceback" in self.page + self.message,
            f"longer than {SECONDS} s": self.code == -signal.SIGALRM or self.seconds > SECONDS + 2,
            f"the exit code {self.code}": self.code not in EXPECTED,
            "no sentence": self.code == 2 and not lines,
            f"{len(lines)} lines": self.code == 2 and len(lines) > 1 and not usage,
            f"it reached {', '.join(self.reached)}": bool(self.reached),
        }
        return [fault for fault, is_so in found.items() if is_so]


def answer(given: Input, room: Path) -> Answer:
    """What the door says to an input, in a new room of folders; whatever is left outside of its `work` was reached."""
    for name in ROOMS:
        (room / name).mkdir(parents=True)
    for path, content in given.files.items():
        file = room / "work" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
    begun = time.monotonic()
    child = os.fork()
    if not child:
        _become(given, room)
    _, status, used = os.wait4(child, 0)
    seconds = time.monotonic() - begun
    outside = [str(path.relative_to(room)) for name in ROOMS[1:] for path in (room / name).rglob("*")]
    reached = (room / "reached").read_text("utf-8").split("\n")[:-1] if (room / "reached").exists() else []
    page, message = ((room / name).read_text("utf-8", "replace") for name in ("page", "message"))
    code = os.waitstatus_to_exitcode(status)
    return Answer(code, page, message, seconds, used.ru_maxrss * 1024, (*outside, *reached))


def _become(given: Input, room: Path) -> None:
    """In the fork: carries out the input and ends."""
    code = 1
    try:
        for number, name in ((1, "page"), (2, "message")):
            file = os.open(room / name, os.O_WRONLY | os.O_CREAT, 0o600)
            os.dup2(file, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(0),
            os.fdopen(1, "w"),
            os.fdopen(2, "w", errors="backslashreplace"),
        )
        here = Path(f"/proc/{os.getpid()}/statm").read_text("ascii").split()[0]
        most = int(here) * os.sysconf("SC_PAGE_SIZE") + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        os.chdir(room / "work")
        os.environ |= {"HOME": str(room / "home"), "TMPDIR": str(room / "temporary")}
        os.environ.pop("HYDRA_FULL_ERROR", None)
        for name, value in given.environment.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        sys.argv = ["gradstudy", *given.arguments]
        _watch(room)
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _watch(room: Path) -> None:
    """Notes what is opened to be written outside of the room, and what is run."""
    notes = os.open(room / "reached", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    allowed = (str(room), "/dev/null", "/dev/shm", "/proc/")

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event in RUNS and (event, arguments[0]) != ASKS_FOR_GPUS:
            os.write(notes, f"{event} {arguments[0]!r}\n".encode(errors="replace"))
        if event == "open" and isinstance(arguments[0], str | bytes) and isinstance(arguments[2], int):
            path = os.path.abspath(os.fsdecode(arguments[0]))
            if arguments[2] & WRITES and not path.startswith(allowed):
                os.write(notes, f"wrote {path}\n".encode(errors="replace"))

    sys.addaudithook(note)
