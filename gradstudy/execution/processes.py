"""Cohorts in worker processes: one per core, or one per GPU."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from multiprocessing.sharedctypes import Synchronized

from gradstudy.errors import InputError
from gradstudy.execution.executor import Item, Result, Runner
from gradstudy.parts import Part, number
from gradstudy.training.device import Device, take_slot

PRELOAD = ["gradstudy.training.engine"]
"""Imported once in the fork server, so that a worker starts in milliseconds instead of importing torch again."""

PER_CORE = 8
"""Workers that a core may be asked for: each takes 300 MB, and more than one gains nothing."""

DEATHS = 3
"""How often workers may die before the study gives up: once is an accident, three times is the machine."""


Futures = dict[Future[Result], int]
"""What was handed out, with its index."""


@dataclass(frozen=True)
class Processes(Part, group="execution"):
    """`workers`: 0 for one per core or GPU. `cohort_size`: members per cohort at most, 0 for the device's own best.

    Workers are stateless, so what a dead one was doing is simply done again.
    """

    workers: int = number(0, at_least=0, at_most=4_096)
    cohort_size: int = number(0, at_least=0, at_most=65_536)

    outlives_workers = True

    def devices(self, wanted: Device) -> tuple[str, ...]:
        if self.workers > (most := PER_CORE * _cores()):
            raise InputError(
                f"execution.workers may be at most {most} here, {PER_CORE} for each of {_cores()} cores, got "
                f"{self.workers}. One per core is fastest: execution.workers=0."
            )
        return wanted.names()

    def count(self, devices: Sequence[str]) -> int:
        return self.workers or (len(devices) if devices[0].startswith("cuda") else _cores())

    @contextmanager
    def start(self, devices: Sequence[str]) -> Iterator[Runner]:
        pool = _Pool(self.count(devices))
        try:
            yield pool.run
        finally:
            pool.stop()


class _Pool:
    """Worker processes, from the start on, so that they import what they need while the driver reads its store."""

    def __init__(self, workers: int):
        self.workers, self.context = workers, _context()
        self.begun = self.context.Value("i", 0)
        self.executor: ProcessPoolExecutor | None = self._open()

    def run(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        """Results as they come; what was under way when a worker died is handed out again."""
        waiting = dict(enumerate(items))
        return self._results(function, waiting, self._hand_out(function, waiting))

    def _results(
        self, function: Callable[[Item], Result], waiting: dict[int, Item], futures: "Futures[Result]"
    ) -> Iterator[tuple[int, Result]]:
        try:
            for _ in range(DEATHS):
                with suppress(BrokenProcessPool):
                    for future in as_completed(futures):
                        index, result = futures.pop(future), future.result()
                        del waiting[index]
                        yield index, result
                if not waiting:
                    return
                self.stop()
                futures = self._hand_out(function, waiting)
        finally:
            if waiting:
                self.stop()
        raise RuntimeError(
            f"Worker processes died {DEATHS} times; the machine may be out of memory. Everything finished so far is "
            "stored. Try fewer workers (execution.workers=1) or smaller cohorts (execution.cohort_size=16). "
            "A script that calls run_study must do so under `if __name__ == '__main__':`, since workers import it."
        )

    def stop(self) -> None:
        """Drops what is under way: a cohort that is not stored yet is simply trained again."""
        if self.executor is None:
            return
        processes = list((self.executor._processes or {}).values())
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.executor = None
        for process in processes:
            process.terminate()

    def _open(self) -> ProcessPoolExecutor:
        executor = ProcessPoolExecutor(self.workers, self.context, initializer=_begin_work, initargs=(self.begun,))
        for _ in range(self.workers):
            executor.submit(_import_engine)
        return executor

    def _hand_out(self, function: Callable[[Item], Result], waiting: Mapping[int, Item]) -> "Futures[Result]":
        """What is under way by now: not all of it where workers died meanwhile, which its reader finds out."""
        futures: Futures[Result] = {}
        with suppress(BrokenProcessPool):
            self.executor = executor = self.executor or self._open()
            for index, item in waiting.items():
                futures[executor.submit(function, item)] = index
        return futures


def _context() -> BaseContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    return context


def _begin_work(begun: "Synchronized[int]") -> None:
    """Ctrl-C is the driver's to handle; a worker whose driver was killed must not stay behind; each has its own GPU."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    driver = multiprocessing.parent_process()
    assert driver is not None
    threading.Thread(target=lambda: (wait([driver.sentinel]), os._exit(1)), daemon=True).start()
    with begun.get_lock():
        take_slot(begun.value)
        begun.value += 1


def _import_engine() -> None:
    __import__(PRELOAD[0])


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
