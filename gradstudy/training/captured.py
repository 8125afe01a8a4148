"""A training step that a GPU records once, as a graph of its kernels, and replays.

Where networks are small, to start kernels one by one takes longer than they take themselves.

What is recorded are addresses. A step therefore reads its batch and its number from tensors that stay where they are,
and changes parameters, moments, buffers and records in place; learning rates and random numbers come out of tables on
the device, by the step's number. Nothing in it may wait for the device.
"""

import gc
import logging
from collections.abc import Callable
from typing import Any, Protocol

import torch

from gradstudy.training.start.batches import Examples

WayToTrain = Callable[[Any, Examples], None]
"""The number of a step, a tensor [1] on the device, and its batch -> trains on it."""


class Recording(Protocol):
    """A way to record what is done on a device. Recording does not carry it out."""

    def warm_up(self, work: Callable[[], None]) -> None:
        """Carries it out as it will be recorded, so that libraries have what they make at their first call."""
        ...

    def record(self, work: Callable[[], None]) -> Callable[[], object]:
        """What replays it. RuntimeError where it cannot be recorded."""
        ...


class CudaGraphs:
    """CUDA's own, on a stream beside the one that is waited for, as it demands."""

    def warm_up(self, work: Callable[[], None]) -> None:
        beside = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch leaves it open
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            work()
        torch.cuda.current_stream().wait_stream(beside)

    def record(self, work: Callable[[], None]) -> Callable[[], object]:
        graph = torch.cuda.CUDAGraph()
        collects = gc.isenabled()
        gc.disable()  # what is collected meanwhile may free memory of the device, which is no part of a step
        try:
            with torch.cuda.graph(graph):
                work()
        finally:
            if collects:
                gc.enable()
        return graph.replay


def recording_on(device: torch.device) -> Recording | None:
    """The way that a device has, if any."""
    return CudaGraphs() if device.type == "cuda" else None


class Captured:
    """Trains as `step` does: by itself the first time, from then on by replaying what was recorded the second time.

    Where it cannot be recorded it goes on step by step, and `refusal` says why.
    """

    def __init__(self, step: WayToTrain, recording: Recording):
        self._step, self._recording = step, recording
        self._batch: Examples | None = None
        self._replay: Callable[[], object] | None = None
        self.refusal = ""
        self.replays = self._done = 0

    def __call__(self, step: int, batch: Examples) -> None:
        """Trains on the batch of this step."""
        self._done += 1
        if self._batch is None:
            inputs, targets = batch
            self._batch = inputs.clone(), targets.clone()
            self._now = torch.full((1,), step, device=inputs.device)
            self._count = torch.zeros_like(self._now)
            self._recording.warm_up(self._work)
            return
        for own, given in zip(self._batch, batch, strict=True):
            own.copy_(given)
        self._now.fill_(step)
        if self._replay is None and not self.refusal:
            self._record()
        if self._replay is None:
            self._work()
        else:
            self._replay()
            self.replays += 1

    def check(self) -> None:
        """RuntimeError where the device has not trained as often as it was told to. Waits for it."""
        found = int(self._count) if self._done else 0
        if found != self._done:
            raise RuntimeError(
                f"A captured step was to be replayed so that {self._done} steps were done, but the device counted "
                f"{found}. Please report this, with the versions of PyTorch and of the driver; "
                "device.capture=false trains without."
            )

    def _record(self) -> None:
        try:
            self._replay = self._recording.record(self._work)
        except RuntimeError as error:
            self.refusal = str(error).partition("\n")[0]
            logging.getLogger(__name__).warning(
                "Steps are not replayed as a graph of the device, and take longer: %s", self.refusal
            )

    def _work(self) -> None:
        assert self._batch is not None, "set by the first call"
        self._step(self._now, self._batch)
        self._count.add_(1)
