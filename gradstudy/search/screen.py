"""The screen: the randomised way of searching, and the only one whose trials rank causes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gradstudy.parts import Part
from gradstudy.records import SCREEN, Factor
from gradstudy.search.asking import Search
from gradstudy.search.randomised import Randomised
from gradstudy.search.search_space import Active, SearchSpace


@dataclass(frozen=True)
class Screen(Part):
    """Balanced, randomised trials that do not look at results."""

    storage: str = ""

    name: ClassVar[str] = "screen"
    phases: ClassVar[tuple[str, ...]] = (SCREEN,)
    hunted: ClassVar[Mapping[str, Any]] = {}
    note: ClassVar[str] = ""

    def identity(self, trials: int) -> str:
        return type(self).__name__

    def search(
        self, factors: Sequence[Factor], *, active: Active, groups: Collection[str], seed: int, seeds: int, trials: int
    ) -> Search:
        return Randomised(SearchSpace(tuple(factors), active, groups), seed)
