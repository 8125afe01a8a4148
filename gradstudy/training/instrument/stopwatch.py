"""Time spent on each part of a step, measured without waiting for the device."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


class Stopwatch:
    """Adds up time by name. On CUDA it is the device's own, between events in its queue that are read at the end."""

    def __init__(self, device: torch.device):
        self._cuda = device.type == "cuda"
        self._spans: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
        self._stopped = False

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Adds what is done inside to the time of this name."""
        if self._stopped:
            yield
            return
        start = self._now()
        yield
        self._spans[name].append((start, self._now()))

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Inside nothing is timed: a clock is no part of a step that is replayed."""
        self._stopped = True
        try:
            yield
        finally:
            self._stopped = False

    def seconds(self, name: str) -> float:
        """Seconds that everything of this name took; waits for the device."""
        if not self._cuda:
            return float(sum(end - start for start, end in self._spans[name]))
        torch.cuda.synchronize()
        return float(sum(start.elapsed_time(end) for start, end in self._spans[name])) / 1000

    def _now(self) -> Any:
        """Seconds on a CPU, an event in the device's queue on CUDA."""
        if not self._cuda:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]  # torch leaves it open
        event.record()
        return event
