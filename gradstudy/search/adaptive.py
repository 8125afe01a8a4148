"""The trials of a hunt: asked in batches, each from what was told of those before it."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from optuna import Study
from optuna.pruners import BasePruner
from optuna.storages import BaseStorage

from gradstudy.records import HUNT
from gradstudy.search.asking import Asked
from gradstudy.search.ledger import Ledger
from gradstudy.search.objective import Objective, Rows
from gradstudy.search.past import Told, frozen, is_hopeless, remembered
from gradstudy.search.search_space import Levels, SearchSpace


class Hunter(Protocol):
    """Chooses trials. See `gradstudy.search.hunt.Hunt`."""

    batch: int
    pruner: str
    objectives: tuple[Objective, ...]

    def identity(self, trials: int) -> Any: ...
    def most(self, space: SearchSpace) -> float: ...
    def rows(self, space: SearchSpace, past: Sequence[Told], *, start: int, count: int, seed: int) -> list[Levels]: ...
    def preview(self, space: SearchSpace, count: int, seed: int) -> list[Levels]: ...
    def make_pruner(self) -> BasePruner: ...


class Adaptive:
    """The trials of one hunt, as `gradstudy.search.asking.Search` has it.

    What is asked depends on nothing but the seed, the number of the batch and what was told of the batches before it,
    so a launch that goes on asks what an undisturbed one would have asked. `past` are trials told elsewhere that the
    hunt begins with, and `first` is the number of its own first trial.
    """

    def __init__(
        self, space: SearchSpace, hunter: Hunter, *, seed: int, seeds: int, first: int = 0, past: Sequence[Told] = ()
    ):
        self._space, self._hunter = space, hunter
        self._seed, self._seeds = seed, seeds
        self._first, self._past = first, list(past)
        self._levels: dict[int, Levels] = {}
        self._told: dict[int, Told] = {}
        self._rows: dict[int, list[Levels]] = {}
        self._judges: dict[int, Study] = {}
        self._count = 0
        self._ledger = Ledger(space, self._row, {one.response: one.direction for one in hunter.objectives})
        self.prunes = hunter.pruner != "none"

    def open(self, storage: BaseStorage, name: str) -> None:
        factors = [factor.to_json() for factor in self._space.factors]
        identity = self._hunter.identity(0)
        self._ledger.open(storage, name, {"search": identity, "seed": self._seed, "factors": factors})
        self._ledger.begin_with([frozen(self._space.factors, told) for told in self._past])

    def preview(self, budget: int) -> list[list[Asked]]:
        rows, size = self._hunter.preview(self._space, budget, self._seed), self._hunter.batch
        asked = [Asked(number, levels, HUNT) for number, levels in enumerate(rows, self._first)]
        return [asked[start : start + size] for start in range(0, len(asked), size)]

    def total(self, budget: int) -> int:
        return self._first + int(min(max(budget, self._stored), self._hunter.most(self._space)))

    def batches(self, budget: int) -> Iterator[list[Asked]]:
        self._count, told_elsewhere = self.total(budget) - self._first, len(self._past)
        for start in range(0, self._count, self._hunter.batch):
            stop = min(start + self._hunter.batch, self._count)
            asked = self._ledger.ask(told_elsewhere + stop, told_elsewhere + start)
            batch = [Asked(place + self._first - told_elsewhere, levels, HUNT) for place, levels in asked]
            self._levels.update({trial.number: trial.levels for trial in batch})
            yield batch

    def tell(self, number: int, rows: Rows) -> None:
        objectives = self._hunter.objectives
        values = tuple(objective.mean(rows) for objective in objectives)
        told = Told(self._levels[number], values, objectives[0].by_seed(rows), pruned=len(rows) < self._seeds)
        self._told[number] = told
        place = self._place(number)
        if self.prunes:
            self._ledger.report(place, told.by_seed)
        if told.pruned:
            self._ledger.prune(place)
        else:
            self._ledger.tell(place, values)

    def hopeless(self, number: int, rows: Rows) -> bool:
        start, objectives = self._start(number - self._first), self._hunter.objectives
        if start not in self._judges:
            self._judges = {start: remembered(self._space.factors, objectives, self._before(start))}
        return is_hopeless(self._judges[start], self._hunter.make_pruner(), objectives[0].by_seed(rows))

    @property
    def _stored(self) -> int:
        return len(self._ledger) - len(self._past)

    def _place(self, number: int) -> int:
        """Where in the ledger is this trial?"""
        return number - self._first + len(self._past)

    def _start(self, index: int) -> int:
        """Which trial of this hunt, counted from 0, is the first of the batch of this one?"""
        return index - index % self._hunter.batch

    def _before(self, start: int) -> list[Told]:
        """What was told of all batches before the one that begins there, whatever is known by now of its own."""
        return [*self._past, *(self._told[self._first + earlier] for earlier in range(start))]

    def _row(self, study: Study, place: int) -> Levels:
        """Asked only for what is not stored: going on with a long hunt does not choose its trials again."""
        index = place - len(self._past)
        start = self._start(index)
        if start not in self._rows:
            past, count = self._before(start), min(self._hunter.batch, self._count - start)
            self._rows[start] = self._hunter.rows(self._space, past, start=start, count=count, seed=self._seed)
        return self._rows[start][index - start]
