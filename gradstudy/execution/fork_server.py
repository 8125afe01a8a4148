"""The process of which workers are copies: it imports all that they need once, while the driver does the same."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, resource_tracker
from typing import Any

from gradstudy.execution.main_module import not_imported
from gradstudy.stopping import STOPPING

PRELOAD = ["gradstudy.execution.worker", "gradstudy.kernels.warmed"]
"""Imported once in the fork server, torch and Numba with it, so that a worker starts in milliseconds."""


def ready() -> bool:
    """Starts the fork server, unless it runs; False where there can be none. Workers wait until it has imported all."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return False
    with deaf(), not_imported():
        forkserver.set_forkserver_preload(PRELOAD)
        forkserver.ensure_running()
    return True


@contextmanager
def started_early() -> Iterator[None]:
    """Inside, it runs already, which saves 3 seconds of imports; a launch that fails leaves none behind."""
    started = ready()
    try:
        yield
    except Exception:
        server: Any = forkserver._forkserver
        if started and server._forkserver_pid is not None:  # it would hold the terminal until all is imported
            with suppress(ProcessLookupError, ChildProcessError):  # it has ended by itself
                os.kill(server._forkserver_pid, signal.SIGKILL)
                server._stop()
        raise


@contextmanager
def deaf() -> Iterator[None]:
    """Processes that are started inside never hear the signals that end a launch, sent to the whole group or not.

    So the driver alone answers, and nobody takes for a fault what it was told. A mask is inherited, by the fork server
    and multiprocessing's other helper too, which unblocks some when it is started: therefore it comes first.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
