"""Signals that end a launch: Ctrl-C, the SIGTERM of a scheduler, the SIGHUP of a closed terminal.

While nothing is being stored, the first one ends the process there and then, with one line: an exception in the middle
of an import would come out as any other. While a study runs it raises Stopped, and what is done is stored. A second one
waits for that, a third ends the process at once, which is as safe as killing it.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from gradstudy.disk import Unwritten
from gradstudy.errors import Stopped

STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Windows has no SIGHUP."""

TOGETHER = 0.5
"""Seconds within which signals are one: schedulers and terminals send theirs to a process and to its group."""


class _Told:
    """What this process was told: signals belong to processes."""

    raises = False
    shields = 0
    times = 0
    last = 0.0
    number: int | None = None
    waiting = False


@contextmanager
def caught() -> Iterator[None]:
    """Inside, these signals are answered, but for those that whoever started the process had it ignore, as nohup does.

    Only in the main thread, where Python has signals.
    """
    before = {}
    with suppress(ValueError):
        for number in STOPPING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, _answer)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def raising() -> Iterator[None]:
    """Inside, signals that are caught raise Stopped. So does what they came out as, where foreign code caught them."""
    _Told.raises, _Told.times, _Told.number, _Told.waiting = True, 0, None, False
    try:
        yield
    except Exception as error:
        if _Told.number is None or isinstance(error, Unwritten):  # which says what is not stored
            raise
        raise Stopped(_Told.number) from error
    finally:
        _Told.raises = False


@contextmanager
def shielded() -> Iterator[None]:
    """Inside, what is stored is stored as a whole: a signal that is caught waits for the end, and raises Stopped."""
    _Told.shields += 1
    try:
        yield
    finally:
        _Told.shields -= 1
    if _Told.waiting and not _Told.shields:
        _Told.waiting = False
        assert _Told.number is not None
        raise Stopped(_Told.number)


def _answer(number: int, _frame: object) -> None:
    now = time.monotonic()
    if _Told.times and now - _Told.last < TOGETHER:
        return
    _Told.last, _Told.times = now, _Told.times + 1
    _leave_closed_terminals()
    if not _Told.raises:
        _end(number, f"{Stopped(number)}; nothing was being stored.")
    if _Told.times > 2:
        _end(number, "Ended at once. What was not stored yet is trained again.")
    _Told.number = number
    if not _Told.shields:
        raise Stopped(number)
    _Told.waiting = True
    say_stopping()


def say_stopping() -> None:
    """Says what a signal waits for."""
    how = "Stopping" if _Told.times == 1 else "Still storing; once more ends it at once, and otherwise it ends"
    _say(f"{how} as soon as what is done is stored.")


def _end(number: int, words: str) -> NoReturn:
    _say(words)
    os._exit(128 + number)


def _say(words: str) -> None:
    """Past Python's buffers, which the signal may have come into the middle of."""
    shown = "\x1b[?25h" if sys.stderr is not None and os.isatty(2) else ""  # a live page hides the cursor
    with suppress(OSError):
        os.write(2, f"{shown}gradstudy: {words}\n".encode())


def _leave_closed_terminals() -> None:
    """What is printed to a terminal that was closed would be an error in the middle of storing: it goes nowhere."""
    for file in (1, 2):
        try:
            os.write(file, b"")
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, file)
            os.close(nowhere)
