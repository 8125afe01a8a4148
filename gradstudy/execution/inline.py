"""Cohorts one after the other in this process: for debugging, notebooks and tests."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from gradstudy.execution.attempt import attempt
from gradstudy.execution.executor import Coming, Item, Result, Runner
from gradstudy.parts import Part, number
from gradstudy.training.device import Device


@dataclass(frozen=True)
class Inline(Part, group="execution"):
    """Runs in the driver. `cohort_size`: members per cohort at most, 0 for the device's own best."""

    cohort_size: int = number(0, at_least=0, at_most=65_536)

    outlives_workers = False

    def devices(self, wanted: Device) -> tuple[str, ...]:
        return wanted.names()

    def count(self, devices: Sequence[str]) -> int:
        return 1

    @contextmanager
    def start(self, devices: Sequence[str]) -> Iterator[Runner]:
        yield one_by_one


def one_by_one(function: Callable[[Item], Result], items: Sequence[Item]) -> Coming[Result]:
    """A runner that does each item when it is asked for."""
    return ((index, attempt(function, item)) for index, item in enumerate(items))
