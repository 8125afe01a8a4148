"""The screen: the randomised way of searching, and the only one whose trials rank causes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from optuna import Study
from optuna.storages import BaseStorage

from gradstudy.errors import InputError
from gradstudy.parts import Part
from gradstudy.records import SCREEN, MemberRows
from gradstudy.search.base import NOTHING_KEPT, AskedTrial, AskTell, Kept
from gradstudy.search.objective import HUNTED, Objective
from gradstudy.search.screen.design import design
from gradstudy.search.search_space import Levels, SearchSpace
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

    def note(self, trials: int) -> str:
        return ""

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

    def open(self, storage: BaseStorage, name: str, kept: Kept = NOTHING_KEPT) -> None:
        self._kept = kept
        self._stored.open(storage, name, search="Screen", seed=self._seed, kept=kept.levels, say=kept.say)
        if kept.blocks and not self.blocks:
            self._stored.study.set_user_attr(LAUNCHED, list(kept.blocks))

    def preview(self, budget: int) -> list[list[AskedTrial]]:
        rows = self._design([budget])  # of which Optuna would only make a copy, some ms per trial
        return [[AskedTrial(number, self._living(row), SCREEN) for number, row in enumerate(rows)]]

    def _living(self, row: Levels) -> Levels:
        return self._space.levels(lambda factor: row[factor.name])

    @property
    def blocks(self) -> Sequence[int]:
        found: list[int] = self._stored.study.user_attrs.get(LAUNCHED, [])
        return found

    def total(self, budget: int) -> int:
        """Trials that are asked at once are one design, and none of it is left out."""
        return max(budget, sum(self.blocks))

    def batches(self, budget: int) -> Iterator[list[AskedTrial]]:
        study, blocks = self._stored.study, self.blocks
        if budget > sum(blocks):  # a larger budget is a further block, stored before its first trial is asked
            extended = [*blocks, budget - sum(blocks)]
            self._check_kept(sum(blocks), extended)
            study.set_user_attr(LAUNCHED, extended)
        yield [AskedTrial(number, levels, SCREEN) for number, levels in self._stored.ask(0, self.total(budget))]

    def tell(self, number: int, rows: MemberRows) -> None:
        if rows:
            self._stored.tell(number, [objective.mean(rows) for objective in OBJECTIVES])
        else:
            self._stored.fail(number)

    @property
    def failed(self) -> frozenset[int]:
        """The trials that could not be measured when they were first asked for."""
        return self._stored.failed

    def hopeless(self, number: int, rows: MemberRows) -> bool:
        return False

    def _row(self, study: Study, number: int) -> Levels:
        """Empty, and so the levels of no trial, for a number behind all that was launched."""
        rows = self._design(study.user_attrs.get(LAUNCHED, []))
        return rows[number] if number < len(rows) else {}

    def _design(self, blocks: Sequence[int]) -> list[Levels]:
        if (key := tuple(blocks)) not in self._designs:
            self._designs[key] = design(self._space.factors, key, self._seed, self._space.active)
        return self._designs[key]

    def _check_kept(self, start: int, blocks: Sequence[int]) -> None:
        """InputError where trials are kept of a block whose size nobody knows any more, and others of it are needed."""
        numbers = range(start, sum(blocks))
        kept = [number for number in numbers if number in self._kept.levels]
        if not kept or len(kept) == len(numbers):
            return
        rows = self._design(blocks)
        for number in kept:
            if not self._kept.levels[number].items() <= rows[number].items():
                raise InputError(
                    f"Trial {number} is stored, and would now be asked differently: the study's journal is lost, and "
                    "the budget was another then. Give the budgets of that time one after the other, or give the study "
                    "another name with name=..."
                )
