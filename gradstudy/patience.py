"""Calls that are waited for so long and no longer, and that Ctrl-C ends whatever they are stuck in."""

import ctypes
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Returned = TypeVar("Returned")

GRACE = 0.5
"""Seconds that a call which is interrupted still has: one that is answered is not torn, one that is stuck is left."""


class Late(Exception):
    """The call has not returned in time, and is left to itself."""


class Left(SystemExit):
    """Raised inside of a call that nobody waits for any more: it ends its thread without a word."""


class Call(Generic[Returned]):
    """A call that runs in a thread of its own, where a driver can leave it.

    Only so is the time bounded in all: timeouts of sockets begin anew with every byte, a name server or a database
    waits in C, where no signal reaches, and the main thread is free for Ctrl-C meanwhile. A thread costs 0.1 ms.

    A call that is left runs on to its own end, as one to a database should, which a torn transaction would keep locked.
    With `helpers`, the beginning of the names of the threads that it may start, it and they are ended in the middle, as
    soon as they are back in Python, which closes their sockets: where a server sends a byte a second after a second,
    and where it sends nothing after the timeout of a read.
    """

    def __init__(self, call: Callable[[], Returned], helpers: str = ""):
        self._call, self._helpers = call, helpers
        self._result: Returned | None = None
        self._error: BaseException | None = None
        self.was_left = False
        self._ended = threading.Event()
        self._before = set(threading.enumerate())
        self._thread = threading.Thread(target=self._run, name="gradstudy-call", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:
            self._error = None if self.was_left else error  # whose frames hold on to sockets and transactions
        self._ended.set()

    @property
    def is_stuck(self) -> bool:
        """Whether it still runs."""
        return self._thread.is_alive() and not self._ended.is_set()

    def result(self, seconds: float) -> Returned:
        """What the call returns, or what it raises; Late where it takes longer."""
        try:
            self._ended.wait(seconds)  # joining a thread takes it for ended where Ctrl-C comes in between
        except BaseException:
            self._ended.wait(GRACE)
            self._leave_if_stuck()
            raise
        self._leave_if_stuck()
        if self.was_left:
            raise Late
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value] # the call's own, None too

    def _leave_if_stuck(self) -> None:
        self.was_left = self.is_stuck
        for thread in threading.enumerate() if self.was_left and self._helpers else []:
            if thread is self._thread or (thread not in self._before and thread.name.startswith(self._helpers)):
                left: Any = ctypes.c_ulong(thread.ident or 0)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(left, ctypes.py_object(Left))
