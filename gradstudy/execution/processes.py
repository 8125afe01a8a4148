"""Cohorts in worker processes: one per core, or some per GPU."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from queue import SimpleQueue

from gradstudy.cores import cores
from gradstudy.errors import InputError
from gradstudy.execution.executor import Coming, Item, Lost, Result, Runner
from gradstudy.execution.worker import Worker
from gradstudy.parts import Part, number
from gradstudy.training.device import Device

PER_CORE = 8
"""Workers that a core may be asked for: each takes 300 MB, and more than one gains nothing."""

LOOKS = 1.0
"""Seconds between two looks at what workers do, at most."""


@dataclass(frozen=True)
class Processes(Part, group="execution"):
    """`workers`: 0 for one per core, or `per_gpu` for each GPU. `cohort_size`: members at most, 0 for the best number.

    `per_gpu`: cohorts in flight on each GPU, a process each, so that one computes while another waits for its host.
    `timeout`: seconds without a training step after which a worker is given up, 0 for never. Workers are stateless, so
    what one was doing that died or was given up is simply done again.
    """

    workers: int = number(0, at_least=0, at_most=4_096)
    per_gpu: int = number(1, at_least=1, at_most=32)
    cohort_size: int = number(0, at_least=0, at_most=65_536)
    timeout: float = number(600.0, at_least=0.0, at_most=1e9)

    outlives_workers = True

    def devices(self, wanted: Device) -> tuple[str, ...]:
        if self.workers > (most := PER_CORE * cores()):
            raise InputError(
                f"execution.workers may be at most {most} here, {PER_CORE} for each of {cores()} cores, got "
                f"{self.workers}. One per core is fastest: execution.workers=0."
            )
        return wanted.names()

    def count(self, devices: Sequence[str]) -> int:
        return self.workers or (self.per_gpu * len(devices) if devices[0].startswith("cuda") else cores())

    @contextmanager
    def start(self, devices: Sequence[str]) -> Iterator[Runner]:
        pool = _Pool(self.count(devices), self.timeout)
        try:
            yield pool.run
        finally:
            pool.end()


class _Pool:
    """Workers, from the start on, so that they import what they need while the driver reads its store.

    Each is asked by a thread of this process, which waits for it: so one that dies or hangs is known, and touches no
    other.
    """

    def __init__(self, workers: int, timeout: float):
        self._workers = [Worker(number) for number in range(workers)]
        self._free: SimpleQueue[Worker] = SimpleQueue()
        self._threads = ThreadPoolExecutor(workers, "worker")
        self._ended = threading.Event()
        for worker in self._workers:
            self._free.put(worker)
            self._threads.submit(self._with_one, Worker.start)
        if timeout:
            threading.Thread(target=self._watch, args=(timeout,), daemon=True).start()

    def run(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Coming[Result]:
        """Results as they come, whose making begins here."""

        def do(worker: Worker, item: Item) -> Result | Lost:
            return worker.do(function, item)

        futures = {self._threads.submit(self._with_one, do, item): index for index, item in enumerate(items)}
        return self._results(futures)

    def _results(self, futures: dict["Future[Result | Lost]", int]) -> Coming[Result]:
        try:
            for future in as_completed(list(futures)):
                yield futures.pop(future), future.result()
        finally:
            for future in futures:
                future.cancel()
            while wait_for(futures, timeout=0.05).not_done:
                for worker in self._workers:
                    worker.stop(idle=False)

    def end(self) -> None:
        """Drops what is under way: a cohort that is not stored yet is simply trained again."""
        self._ended.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.stop()

    def _with_one(self, call: Callable[..., Result], *given: object) -> Result:
        """Calls it with a worker that does nothing else: there are as many of them as threads."""
        worker = self._free.get()
        try:
            return call(worker, *given)
        finally:
            if self._ended.is_set():
                worker.stop()
            self._free.put(worker)

    def _watch(self, timeout: float) -> None:
        """Looks are counted and not seconds: a driver that was stopped with its workers, by Ctrl-Z, has not waited."""
        between = min(LOOKS, timeout / 4)
        while not self._ended.wait(between):
            for worker in self._workers:
                worker.watch(ceil(timeout / between))
