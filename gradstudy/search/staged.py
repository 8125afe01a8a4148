"""The trials of a screen, and behind them those of a hunt inside the best region that it found."""

from collections.abc import Iterator

from optuna.storages import BaseStorage

from gradstudy.records import DUMMY
from gradstudy.search.adaptive import Adaptive, Hunter
from gradstudy.search.asking import Asked, Rows
from gradstudy.search.past import Told
from gradstudy.search.randomised import Randomised
from gradstudy.search.region import best_region, inside
from gradstudy.search.search_space import SearchSpace


class Staged:
    """Both parts as one `gradstudy.search.asking.Search`. The hunt has an Optuna study of its own in the same storage.

    It knows the screen's trials that lie in its region; its own numbers go on behind the screen's.
    """

    def __init__(self, space: SearchSpace, hunter: Hunter, *, screened: int, seed: int, seeds: int):
        self._space, self._hunter, self._screened = space, hunter, screened
        self._seed, self._seeds = seed, seeds
        self._screen = Randomised(space, seed)
        self._hunt: Adaptive | None = None
        self._told: dict[int, Told] = {}
        self.prunes = hunter.pruner != "none"

    def preview(self, budget: int) -> list[list[Asked]]:
        whole = self._space.among(self._hunted)
        hunt = Adaptive(whole, self._hunter, seed=self._seed, seeds=self._seeds, first=self._screened)
        return [*self._screen.preview(self._screened), *hunt.preview(budget - self._screened)]

    def open(self, storage: BaseStorage, name: str) -> None:
        self._screen.open(storage, name)
        self._storage, self._name = storage, f"{name}-hunt"

    def total(self, budget: int) -> int:
        return budget

    def batches(self, budget: int) -> Iterator[list[Asked]]:
        for batch in self._screen.batches(self._screened):
            self._levels = {trial.number: trial.levels for trial in batch}
            yield batch
        self._hunt = self._begun()
        yield from self._hunt.batches(budget - self._screened)

    def tell(self, number: int, rows: Rows) -> None:
        if number >= self._screened:
            self._hunt.tell(number, rows)
            return
        levels = {name: level for name, level in self._levels[number].items() if name != DUMMY.name}
        values = tuple(objective.mean(rows) for objective in self._hunter.objectives)
        self._told[number] = Told(levels, values, self._hunter.objectives[0].by_seed(rows))
        self._screen.tell(number, rows)

    def hopeless(self, number: int, rows: Rows) -> bool:
        return number >= self._screened and self._hunt.hopeless(number, rows)

    @property
    def _hunted(self) -> tuple:
        return tuple(factor for factor in self._space.factors if factor != DUMMY)

    def _begun(self) -> Adaptive:
        told = [self._told[number] for number in sorted(self._told)]
        region = best_region(self._hunted, told, self._hunter.objectives)
        past = [one for one in told if inside(region, one.levels)]
        space, own = self._space.among(region), {"seed": self._seed, "seeds": self._seeds}
        hunt = Adaptive(space, self._hunter, **own, first=self._screened, past=past)
        hunt.open(self._storage, self._name)
        return hunt
