"""Cohorts one after the other in this process: for debugging, notebooks and tests."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from gradstudy.execution.executor import Runner
from gradstudy.parts import Part, number


@dataclass(frozen=True)
class Inline(Part):
    """Runs in the driver. `cohort_size`: members per cohort at most, 0 for the device's own best."""

    cohort_size: int = number(0, at_least=0)

    def count(self, devices: Sequence[str]) -> int:
        return 1

    @contextmanager
    def start(self, devices: Sequence[str]) -> Iterator[Runner]:
        yield lambda function, items: ((index, function(item)) for index, item in enumerate(items))
