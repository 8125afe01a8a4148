"""What every executor promises: one such class and one YAML in conf/execution."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Runner(Protocol):
    """Runs a pure function over items while its executor is started."""

    def __call__(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        """Each item's index with its result, in any order; what the function raises passes unchanged."""


class Executor(Protocol):
    """A way of running cohorts. `cohort_size`: members per cohort at most, 0 for the device's own best."""

    cohort_size: int

    def count(self, devices: Sequence[str]) -> int:
        """How many items are under way at a time, given the devices that they are spread over."""

    def start(self, devices: Sequence[str]) -> AbstractContextManager[Runner]:
        """A runner, whose work ends with the context."""
