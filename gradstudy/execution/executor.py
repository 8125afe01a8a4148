"""What every executor promises: one such class and one YAML in conf/execution."""

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from gradstudy.training.device import Device

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Lost:
    """What an item comes back with that has no result.

    `reason` tells a person, whose first line is enough for a glance. `by_accident`: whether it may be nothing of the
    item's, so that it is worth the same once more. `memory`: whether there may have been too little of it.
    """

    reason: str
    by_accident: bool = False
    memory: bool = False


Coming = Generator[tuple[int, Result | Lost], None, None]
"""What comes of items, each with its index."""


class Runner(Protocol):
    """Runs a pure function over items, as long as its executor is started."""

    def __call__(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Coming[Result]:
        """Each item's index with its result, or with why there is none, as they come, in any order.

        Function, items and results can be pickled. An item is Lost whose function raised, or whose worker died or gave
        no sign of life: nothing is tried again here, and the others are not touched. InputError alone passes unchanged,
        since it is about all of them. Workers begin with the call, so that the driver has time for other things until
        it asks for results. Nothing goes on once an iterator that was begun is closed.
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
