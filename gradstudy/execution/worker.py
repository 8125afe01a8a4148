"""One worker process, seen from the driver and from within."""

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from multiprocessing.sharedctypes import RawValue
from typing import Any

from gradstudy.errors import InputError
from gradstudy.execution.attempt import attempt
from gradstudy.execution.executor import Item, Lost, Result
from gradstudy.execution.fork_server import deaf, ready
from gradstudy.execution.main_module import Script, import_script, not_imported, script_here
from gradstudy.masking import masked
from gradstudy.stopping import STOPPING
from gradstudy.training.device import take_slot
from gradstudy.training.pulse import listen

DEATH_NOTICE = 5.0
"""Seconds in which the system says how a process has ended that no longer holds its end of a pipe."""

_starting = threading.Lock()
"""One at a time, and none while somebody asks how one has ended: multiprocessing keeps one list of them all."""


class Worker:
    """A process that does one item at a time: started when it is needed, and anew once it has lost one.

    `number` is its own among the workers of this machine. One thread asks it to `do` items, others may `watch` it and
    `stop` it meanwhile.
    """

    def __init__(self, number: int):
        self._number = number
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._pulse = RawValue("Q")
        self._heard = self._silence = 0
        self._busy = self._stopped = self._given_up = False

    def start(self) -> None:
        """Starts it, unless it is there. The first of all waits some seconds for the fork server."""
        if self._connection is not None and not self._stopped and not self._connection.poll():
            return
        self._process = self._connection = None
        self._stopped = False
        (connection, inner), script = multiprocessing.Pipe(), script_here()  # which none is inside of not_imported
        with _starting, deaf(), not_imported():
            process = _process(inner, self._number, self._pulse, script)
            process.start()
        inner.close()  # so that the pipe ends with the process
        self._process, self._connection = process, connection
        if self._stopped:  # meanwhile
            self.stop()

    def do(self, function: Callable[[Item], Result], item: Item) -> Result | Lost:
        """The function's result, or why there is none; InputError passes."""
        message = _packed(function, item)
        try:
            self.start()
            assert self._connection is not None
            self._silence, self._given_up, self._busy = 0, False, True
            self._connection.send_bytes(message)
            outcome = self._connection.recv()
        except (EOFError, OSError):
            outcome = self._loss()
        finally:
            self._busy = False
        if isinstance(outcome, Lost | InputError):
            self.stop()  # nobody knows what is left of it: after an error of CUDA, nothing
        if isinstance(outcome, InputError):
            raise outcome
        answer: Result | Lost = outcome
        return answer

    def watch(self, patience: int) -> None:
        """Looks for a sign of life; where there was none for so many looks while it is busy, it is given up."""
        now = self._pulse.value
        self._silence = self._silence + 1 if self._busy and now == self._heard else 0
        self._heard = now
        if self._silence >= patience:
            self._given_up = True
            self.stop()

    def stop(self, *, idle: bool = True) -> None:
        """Drops what it does; with `idle` also one that does nothing."""
        if idle or self._busy:
            self._stopped = True
            if self._process is not None:
                with suppress(OSError, ValueError):
                    self._process.kill()

    def _loss(self) -> Lost:
        """How it ended, which the system tells a little later than its pipe."""
        if self._process is None:
            return Lost("no worker could be started: the machine may be out of memory", True, True)
        if self._given_up:
            return Lost("gave no sign of life for longer than execution.timeout, and was given up", by_accident=True)
        wait([self._process.sentinel], DEATH_NOTICE)
        with _starting:
            code = self._process.exitcode
        if code == -signal.SIGKILL:
            return Lost("killed (signal 9): the machine may be out of memory", True, True)
        if code is not None and code < 0:
            return Lost(f"crashed in compiled code (signal {-code}, {signal.Signals(-code).name})", by_accident=True)
        return Lost(f"ended its worker with exit code {code}", by_accident=True)


def _serve(connection: Connection, number: int, pulse: Any, script: Script) -> None:
    """The life of a worker: it answers until its driver is gone."""
    for stopping in STOPPING:  # which are the driver's to answer
        signal.signal(stopping, signal.SIG_IGN)
    driver = multiprocessing.parent_process()
    assert driver is not None
    threading.Thread(target=lambda: (wait([driver.sentinel]), os._exit(1)), daemon=True).start()
    take_slot(number)

    def beat() -> None:
        pulse.value += 1

    listen(beat)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            connection.send(_answer(connection.recv_bytes(), script))


def _answer(message: bytes, script: Script) -> Any:
    """What came of an item: a result, a Lost or an InputError."""
    try:
        return attempt(*_unpacked(message, script))
    except InputError as error:
        return error


def _packed(function: Callable[[Item], Result], item: Item) -> Any:
    try:
        return ForkingPickler.dumps((function, item))
    except Exception as error:  # whatever a person's own part says
        raise _not_sent(error) from error


def _unpacked(message: bytes, script: Script) -> tuple[Callable[[Any], Any], Any]:
    try:
        try:
            found = pickle.loads(message)
        except AttributeError:  # what is defined in the script, which is not imported without need
            if not script:
                raise
            import_script(script)
            found = pickle.loads(message)
    except InputError:
        raise
    except Exception as error:
        raise _not_sent(error) from error
    function, item = found
    return function, item


def _not_sent(error: Exception) -> InputError:
    return InputError(
        f"What a network is made of must be known to worker processes, but {masked(str(error))}. Define parts of your "
        "own in a module, or train without workers (execution=inline)."
    )


def _process(*given: Any) -> BaseProcess:
    """A process that will live its life with what is given: a child of the fork server, where there can be one."""
    if not ready():
        return multiprocessing.get_context("spawn").Process(target=_serve, args=given, daemon=True)
    return multiprocessing.get_context("forkserver").Process(target=_serve, args=given, daemon=True)
