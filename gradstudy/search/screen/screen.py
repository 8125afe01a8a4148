"""The screen: the randomised way of searching, and the only one whose trials rank causes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from optuna import Study
from optuna.storages import BaseStorage

from gradstudy.parts import Part
from gradstudy.records import SCREEN, MemberRows
from gradstudy.search.base import AskedTrial, AskTell
from gradstudy.search.objective import HUNTED, Objective
from gradstudy.search.screen.design import design
from gradstudy.search.search_space import Levels, SearchSpace
from gradstudy.search.storage import scratch_storage
from gradstudy.search.stored_trials import StoredTrials

OBJECTIVES = tuple(Objective(response, "healthiest") for response in HUNTED)
"""What Optuna is told of a screen's trials, for its dashboard: they are chosen by nobody."""

LAUNCHED = "blocks"
"""The attribute of an Optuna study that says how many trials each launch of a screen added: `[32, 96]`."""


@dataclass(frozen=True)
class Screen(Part, group="search"):
    """Balanced, randomised trials that do not look at results."""

    storage: str = ""

    name: ClassVar[str] = "screen"
    phases: ClassVar[tuple[str, ...]] = (SCREEN,)
    hunted: ClassVar[Mapping[str, Any]] = {}
    note: ClassVar[str] = ""

    def identity(self, trials: int) -> str:
        return "Screen"

    def over(self, space: SearchSpace, *, seed: int, seeds: int, trials: int) -> AskTell:
        return ScreenTrials(space, seed)


class ScreenTrials:
    """The trials of one screen, as `AskTell` has it: one batch, settled before the first of it is measured."""

    prunes = False

    def __init__(self, space: SearchSpace, seed: int):
        self._space, self._seed = space, seed
        self._designs: dict[tuple[int, ...], list[Levels]] = {}
        self._stored = StoredTrials(space, self._row, OBJECTIVES)

    def open(self, storage: BaseStorage, name: str) -> None:
        self._stored.open(storage, name, search="Screen", seed=self._seed)

    def preview(self, budget: int) -> list[list[AskedTrial]]:
        ahead = ScreenTrials(self._space, self._seed)
        ahead._designs = self._designs  # a design may take seconds
        ahead.open(scratch_storage(), "preview")
        return list(ahead.batches(budget))

    def total(self, budget: int) -> int:
        return max(budget, len(self._stored))

    def batches(self, budget: int) -> Iterator[list[AskedTrial]]:
        study = self._stored.study
        blocks = study.user_attrs.get(LAUNCHED, [])
        if budget > sum(blocks):  # a larger budget is a further block, stored before its first trial is asked
            study.set_user_attr(LAUNCHED, [*blocks, budget - sum(blocks)])
        yield [AskedTrial(number, levels, SCREEN) for number, levels in self._stored.ask(0, self.total(budget))]

    def tell(self, number: int, rows: MemberRows) -> None:
        self._stored.tell(number, [objective.mean(rows) for objective in OBJECTIVES])

    def hopeless(self, number: int, rows: MemberRows) -> bool:
        return False

    def _row(self, study: Study, number: int) -> Levels:
        blocks = tuple(study.user_attrs[LAUNCHED])
        if blocks not in self._designs:
            self._designs[blocks] = design(self._space.factors, blocks, self._seed, self._space.active)
        return self._designs[blocks][number]
