"""What nobody foresaw: told in one line, its details kept in a file that can be sent to whoever mends it."""

import os
import platform
import sys
import tempfile
import traceback
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from gradstudy.atomic_file import written_whole
from gradstudy.masking import masked

LOG = Path(".gradstudy", "log")


def unforeseen(error: BaseException, command: str) -> str:
    """What a person is told of an error that no one wrote words for; its traceback is written to the file it names.

    Args:
        error: The exception, as it was caught.
        command: What was typed, to be written beside it.
    """
    said = str(error).strip().splitlines() or ["without a word"]
    what = masked(f"{type(error).__name__}, {said[0]}")[:300]
    details = "".join(traceback.format_exception(error))
    facts = f"{command}\nPython {platform.python_version()} on {platform.platform()}, {datetime.now():%Y-%m-%d %H:%M}\n"
    for folder in (LOG, Path(tempfile.gettempdir())):
        with suppress(OSError):  # also where the working folder is gone
            path = folder.absolute() / f"gradstudy-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.log"
            with written_whole(path) as unfinished:
                unfinished.write_text(masked(f"{facts}\n{details}"), encoding="utf-8", errors="backslashreplace")
            return f"an unforeseen error: {what}. What is stored is safe; details are in {path}."
    return f"an unforeseen error: {what}. Nothing could be written about it; with HYDRA_FULL_ERROR=1 it shows itself."


def forget_the_reader() -> None:
    """Whoever read the output went away (`| head`): what Python still holds for it is dropped without a word."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(nowhere, stream.fileno())
