"""The data a cohort trains on: one stream per seed, shared by every member of that seed."""

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import count
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradstudy.training.start.streams import numpy_stream

Examples = tuple[Tensor, Tensor]
_Source = tuple[Any, tuple[int, int]]
"""A task, and the stream (study seed, seed index) that it draws from."""

SENT_TOGETHER, MOST_SENT = 16, 64_000_000
"""Batches that are sent to a GPU together, or fewer of more bytes."""
MOST_KEPT, OF_A_BATCH = 64_000_000, 4_000
"""Bytes of a cohort's batches that are kept for the next one, and what a batch takes beside its inputs, roughly."""


class Batches:
    """Inputs and targets [member, batch, ...] step by step, and the held-out set in pieces of a batch's size.

    `tasks` and `streams` ((study seed, seed index)) are one per member; `purpose` keeps streams apart.
    Members with the same task and stream see the same data, which is drawn once. With `ahead`, so many batches are
    drawn and sent to the device together. Where it is known how many `steps` there will be, batches that are not too
    large are kept for the next cohort, which as a rule has the same seeds: to draw them takes as long as a fifth of a
    small network's step.
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
        steps: int | None = None,
    ):
        each = list(zip(tasks, streams, strict=True))
        sources = tuple(dict.fromkeys(each))
        self.device, self.dtype = device, dtype
        self._source_of = torch.tensor([sources.index(source) for source in each], device=device)
        self._sources = sources
        self.size = tasks[0].batch_size
        together = (1 if device.type == "cpu" else SENT_TOGETHER) if ahead is None else ahead
        given = sources, purpose, device, dtype, together
        if steps is None or steps * len(sources) * _bytes(tasks[0], dtype) > MOST_KEPT:
            self._examples = _drawn(*given)
        else:
            contents = tuple(task.content for task in dict.fromkeys(tasks))
            self._examples = iter(kept_batches(contents, *given))

    def keep(self, slots: Sequence[int]) -> None:
        """Goes on with the members of these slots; what is drawn stays the same."""
        self._source_of = self._source_of[list(slots)]

    def next(self) -> Examples:
        """The batch of the next step."""
        return self._of_members(next(self._examples))

    @cached_property
    def _held_out(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Drawn when it is first asked for: most purposes never do."""
        return [task.held_out(numpy_stream(*stream, "held out")) for task, stream in self._sources]

    def held_out(self) -> Iterator[Examples]:
        """Whole batches only: a remainder would be another tensor shape, and its mean would need a weight."""
        rows = len(self._held_out[0][1])
        piece = min(self.size, rows)
        for start in range(0, rows - piece + 1, piece):
            chosen = slice(start, start + piece)
            drawn = [(inputs[chosen], targets[chosen]) for inputs, targets in self._held_out]
            (sent,) = _sent([drawn], self.device, self.dtype)
            yield self._of_members(sent)

    def _of_members(self, examples: Examples) -> Examples:
        inputs, targets = examples
        return inputs.index_select(0, self._source_of), targets.index_select(0, self._source_of)


class _Kept:
    """What was drawn so far, from the first batch on; whoever comes to its end draws the next."""

    def __init__(self, drawn: Iterator[Examples]):
        self._drawn, self._so_far = drawn, list[Examples]()

    def __iter__(self) -> Iterator[Examples]:
        for number in count():
            if number == len(self._so_far):
                try:
                    self._so_far.append(next(self._drawn))
                except BaseException:  # a draw that was broken off cannot go on: whoever comes next draws anew
                    kept_batches.cache_clear()
                    raise
            yield self._so_far[number]


@lru_cache(maxsize=1)
def kept_batches(contents: tuple[str, ...], *given: Any) -> _Kept:
    """Of the same arguments the same; `contents` are those of the files that tasks read, which may change."""
    return _Kept(_drawn(*given))


def _bytes(task: Any, dtype: torch.dtype) -> int:
    """Of a batch, roughly."""
    return int(task.largest_batch * prod(task.shape.inputs) * dtype.itemsize) + OF_A_BATCH


def _drawn(
    sources: Sequence[_Source], purpose: str, device: torch.device, dtype: torch.dtype, together: int
) -> Iterator[Examples]:
    """Batches [source, batch, ...] of all sources on the device, step by step."""
    streams = [numpy_stream(*stream, purpose) for _, stream in sources]

    def draw() -> list[tuple[np.ndarray, np.ndarray]]:
        return [task.batch(at) for (task, _), at in zip(sources, streams, strict=True)]

    while True:
        first = draw()
        fitting = max(1, MOST_SENT // sum(array.nbytes for arrays in first for array in arrays))
        yield from _sent([first, *(draw() for _ in range(min(together, fitting) - 1))], device, dtype)


def _sent(
    several: list[list[tuple[np.ndarray, np.ndarray]]], device: torch.device, dtype: torch.dtype
) -> Iterator[Examples]:
    """Batches [source, batch, ...] on the device: of all in one piece, which is not waited for."""
    inputs, targets = (np.stack([[one[kind] for one in drawn] for drawn in several]) for kind in (0, 1))
    return zip(*(_on_the_device(array, device, dtype).unbind() for array in (inputs, targets)), strict=True)


def _on_the_device(array: np.ndarray, device: torch.device, dtype: torch.dtype) -> Tensor:
    tensor = torch.from_numpy(array)
    if tensor.is_floating_point():
        tensor = tensor.to(dtype)
    if device.type == "cuda":
        tensor = tensor.pin_memory()  # else it is copied first, and waited for
    return tensor.to(device, non_blocking=True)
