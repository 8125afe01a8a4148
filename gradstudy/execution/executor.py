"""What every executor promises: one such class and one YAML in conf/execution."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from gradstudy.training.device import Device

Item = TypeVar("Item")
Result = TypeVar("Result")


class Runner(Protocol):
    """Runs a pure function over items, as long as its executor is started."""

    def __call__(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        """Each item's index with its result, as they come, in any order.

        Function, items and results can be pickled. What the function raises passes unchanged, and no item is tried
        again for it; what a dead worker was doing is done again. Workers begin with the call, so that the driver has
        time for other things until it asks for results. Nothing goes on once an iterator that was begun is closed.
        """


class Executor(Protocol):
    """A way of running cohorts, on this machine or on others.

    `cohort_size`: members per cohort at most, 0 for the device's own best. `outlives_workers`: whether the work is done
    by processes other than the driver, of which one may die without harm.
    """

    @property
    def cohort_size(self) -> int: ...

    @property
    def outlives_workers(self) -> bool: ...

    def devices(self, wanted: Device) -> tuple[str, ...]:
        """The names of the devices that the workers will use; InputError where what is wanted is known to be absent.

        A worker itself looks which device it trains on: those of another machine may be known to that machine alone.
        """

    def count(self, devices: Sequence[str]) -> int:
        """How many items are under way at a time, at least one."""

    def start(self, devices: Sequence[str]) -> AbstractContextManager[Runner]:
        """A runner, whose work is dropped when the context ends."""
