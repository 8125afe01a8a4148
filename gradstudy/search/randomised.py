"""The trials of a screen: all of them are settled before the first is measured."""

from collections.abc import Iterator

from optuna import Study
from optuna.storages import BaseStorage

from gradstudy.records import SCREEN
from gradstudy.search.asking import Asked
from gradstudy.search.design import design
from gradstudy.search.ledger import BLOCKS, Ledger
from gradstudy.search.objective import Objective, Rows
from gradstudy.search.search_space import Levels, SearchSpace
from gradstudy.search.storage import scratch_storage

OBJECTIVES = tuple(Objective(response, "healthiest") for response in ("vanishing", "exploding"))
"""What Optuna is told of a screen's trials, for its dashboard: they are chosen by nobody."""


class Randomised:
    """The trials of one screen, as `gradstudy.search.asking.Search` has it: one batch, whatever comes of it."""

    prunes = False

    def __init__(self, space: SearchSpace, seed: int):
        self._space, self._seed = space, seed
        self._known: dict[tuple[int, ...], list[Levels]] = {}
        self._ledger = Ledger(space, self._row, {one.response: one.direction for one in OBJECTIVES})

    def open(self, storage: BaseStorage, name: str) -> None:
        factors = [factor.to_json() for factor in self._space.factors]
        self._ledger.open(storage, name, {"search": "Screen", "seed": self._seed, "factors": factors})

    def preview(self, budget: int) -> list[list[Asked]]:
        ahead = Randomised(self._space, self._seed)
        ahead.open(scratch_storage(), "preview")
        return list(ahead.batches(budget))

    def total(self, budget: int) -> int:
        return max(budget, len(self._ledger))

    def batches(self, budget: int) -> Iterator[list[Asked]]:
        blocks = self._ledger.blocks()
        if budget > sum(blocks):  # a larger budget is a further block, stored before its first trial is asked
            self._ledger.declare([*blocks, budget - sum(blocks)])
        yield [Asked(number, levels, SCREEN) for number, levels in self._ledger.ask(self.total(budget))]

    def tell(self, number: int, rows: Rows) -> None:
        self._ledger.tell(number, [objective.mean(rows) for objective in OBJECTIVES])

    def hopeless(self, number: int, rows: Rows) -> bool:
        return False

    def _row(self, study: Study, number: int) -> Levels:
        blocks = tuple(study.user_attrs[BLOCKS])
        if blocks not in self._known:
            self._known[blocks] = design(self._space.factors, blocks, self._seed)
        return self._known[blocks][number]
