"""What is measured is stored by a thread of its own, so that neither workers nor whoever feeds them wait for a store.

A thread and no process: it shares the study's claims and its search with the driver, and ends with it, so that nobody
writes behind a driver that was killed. What computes in this process lets go of Python's lock.
"""

from collections.abc import Callable
from queue import Queue
from threading import Event, Thread
from types import TracebackType

from gradstudy.errors import Stopped
from gradstudy.stopping import say_stopping, shielded

AHEAD = 2
"""How many cohorts wait to be stored at most, beside the one in work and the one that waits for room: they take memory,
and are trained again where the driver is killed."""


class Storing:
    """Does calls one after the other behind whoever hands them over. Used as a context.

    What a call raises comes up where the next one is handed over, waited for, or the context left; those behind it are
    not done. Leaving waits for all that was handed over, also where a signal or an error ends what went on meanwhile.
    """

    def __init__(self) -> None:
        self._calls = Queue[Callable[[], object] | None](AHEAD)
        self._failure: BaseException | None = None
        self._ended = Event()
        Thread(target=self._work, name="gradstudy-storing", daemon=True).start()

    def do(self, call: Callable[[], object]) -> None:
        """Hands this over to be done next; waits for room, and so does a signal."""
        with shielded():
            self._raise()
            self._calls.put(call)
            self._raise()

    def wait(self) -> None:
        """Waits until all is done; a signal waits too."""
        with shielded():
            self._calls.join()
            self._raise()

    def __enter__(self) -> "Storing":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with shielded():
            if isinstance(error, Stopped) and self._calls.unfinished_tasks:
                say_stopping()
            told = False
            while not self._ended.is_set():
                try:
                    if not told:
                        self._calls.put(None)
                        told = True
                    self._ended.wait()
                except KeyboardInterrupt as impatience:  # where nothing shields, as in a notebook: the rest is dropped
                    self._failure = self._failure or impatience
            if self._failure is not error:
                self._raise()

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                if self._failure is None:
                    call()
            except BaseException as failure:
                self._failure = failure
            del call  # and the records that it holds, before the next one is waited for
            self._calls.task_done()
        self._ended.set()
