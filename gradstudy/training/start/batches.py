"""The data a cohort trains on: one stream per seed, shared by every member of that seed."""

from collections import deque
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradstudy.training.start.streams import numpy_stream

Examples = tuple[Tensor, Tensor]

SENT_TOGETHER, MOST_SENT = 16, 64_000_000
"""Batches that are sent to a GPU together, or fewer of more bytes."""


class Batches:
    """Inputs and targets [member, batch, ...] step by step, and the held-out set in pieces of a batch's size.

    `tasks` and `streams` ((study seed, seed index)) are one per member; `purpose` keeps streams apart.
    Members with the same task and stream see the same data, which is drawn once. With `ahead`, so many batches are
    drawn and sent to the device together.
    """

    def __init__(
        self,
        tasks: Sequence[Any],
        streams: Sequence[tuple[int, int]],
        device: torch.device,
        dtype: torch.dtype,
        purpose: str,
        *,
        ahead: int | None = None,
    ):
        sources = list(dict.fromkeys(zip(tasks, streams, strict=True)))
        source_of = [sources.index(source) for source in zip(tasks, streams, strict=True)]
        self.device, self.dtype = device, dtype
        self._source_of = torch.tensor(source_of, device=device)
        self._sources = sources
        self._streams = [numpy_stream(*stream, purpose) for _, stream in sources]
        self.size = tasks[0].batch_size
        self._ahead = (1 if device.type == "cpu" else SENT_TOGETHER) if ahead is None else ahead
        self._waiting: deque[Examples] = deque()

    def keep(self, slots: Sequence[int]) -> None:
        """Goes on with the members of these slots; what is drawn stays the same."""
        self._source_of = self._source_of[list(slots)]

    def next(self) -> Examples:
        """The batch of the next step."""
        if self._ahead == 1:
            return self._stack(self._drawn())
        if not self._waiting:
            first = self._drawn()
            fitting = max(1, MOST_SENT // sum(array.nbytes for arrays in first for array in arrays))
            more = [self._drawn() for _ in range(min(self._ahead, fitting) - 1)]
            self._waiting.extend(self._sent([first, *more]))
        inputs, targets = self._waiting.popleft()
        return inputs.index_select(0, self._source_of), targets.index_select(0, self._source_of)

    def _drawn(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The next batch of every source."""
        return [task.batch(at) for (task, _), at in zip(self._sources, self._streams, strict=True)]

    def _sent(self, several: list[list[tuple[np.ndarray, np.ndarray]]]) -> Iterator[Examples]:
        """Batches [source, batch, ...] on the device: of all in one piece, which is not waited for."""
        inputs, targets = (np.stack([[one[kind] for one in drawn] for drawn in several]) for kind in (0, 1))
        return zip(self._on_the_device(inputs).unbind(), self._on_the_device(targets).unbind(), strict=True)

    @cached_property
    def _held_out(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Drawn when it is first asked for: most purposes never do."""
        return [task.held_out(numpy_stream(*stream, "held out")) for task, stream in self._sources]

    def held_out(self) -> Iterator[Examples]:
        """Whole batches only: a remainder would be another tensor shape, and its mean would need a weight."""
        count = len(self._held_out[0][1])
        piece = min(self.size, count)
        for start in range(0, count - piece + 1, piece):
            chosen = slice(start, start + piece)
            yield self._stack([(inputs[chosen], targets[chosen]) for inputs, targets in self._held_out])

    def _stack(self, drawn: list[tuple[np.ndarray, np.ndarray]]) -> Examples:
        inputs, targets = (np.stack(arrays) for arrays in zip(*drawn, strict=True))
        return self._to_members(inputs), self._to_members(targets)

    def _to_members(self, array: np.ndarray) -> Tensor:
        return self._on_the_device(array).index_select(0, self._source_of)

    def _on_the_device(self, array: np.ndarray) -> Tensor:
        tensor = torch.from_numpy(array)
        if tensor.is_floating_point():
            tensor = tensor.to(self.dtype)
        if self.device.type == "cuda":
            tensor = tensor.pin_memory()  # else it is copied first, and waited for
        return tensor.to(self.device, non_blocking=True)
