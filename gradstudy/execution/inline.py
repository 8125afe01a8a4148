"""Cohorts one after the other in this process: for debugging, notebooks and tests."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from gradstudy.execution.executor import Item, Result, Runner
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
        yield _one_by_one


def _one_by_one(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
    return ((index, function(item)) for index, item in enumerate(items))
