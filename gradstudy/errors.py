"""What a person is told, each with an exit code: wrong input, a tracking server that is away, a stopped launch."""

import signal
from collections.abc import Iterable
from difflib import get_close_matches

from gradstudy.masking import masked


class Complaint(Exception):
    """What a person is told, in one message: without secrets, whatever came in and whoever else it cites."""

    def __init__(self, message: object):
        super().__init__(masked(str(message)))


class InputError(Complaint):
    """Wrong input: the message says what was required, what came, and what to do. Exit code 2, no traceback."""


class TrackingAway(Complaint):
    """The tracking server did not answer; what was measured waits on disk for the next launch. Exit code 3."""


class Stopped(KeyboardInterrupt):
    """A signal ended the launch, as Ctrl-C does. Exit code 128 and the `number` of the signal."""

    def __init__(self, number: int):
        self.number = number
        super().__init__("Interrupted" if number == signal.SIGINT else f"Stopped by {signal.Signals(number).name}")


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, as a sentence to append to an error message; or nothing."""
    lowered = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), lowered, n=1)
    return f" Did you mean '{lowered[close[0]]}'?" if close else ""


def first_line(error: Exception) -> str:
    """What an exception says, as far as it fits into a sentence."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300].rstrip(".")
