"""What does the instrument itself cost? Time spent on each part of a step, without waiting for the device."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import torch


class Stopwatch:
    """Adds up time by name. On CUDA it is the device's own, between events in its queue that are read at the end."""

    def __init__(self, device: torch.device):
        self._cuda = device.type == "cuda"
        self._spans: dict[str, list] = defaultdict(list)

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        start = self._now()
        yield
        self._spans[name].append((start, self._now()))

    def seconds(self, name: str) -> float:
        """How long did everything of this name take? Waits for the device."""
        if not self._cuda:
            return sum(end - start for start, end in self._spans[name])
        torch.cuda.synchronize()
        return sum(start.elapsed_time(end) for start, end in self._spans[name]) / 1000

    def _now(self):
        if not self._cuda:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event
