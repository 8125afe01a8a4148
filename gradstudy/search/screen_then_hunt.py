"""First a screen, which ranks causes, then a hunt inside the best region that it found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from optuna.storages import BaseStorage

from gradstudy.errors import InputError
from gradstudy.parts import number, word
from gradstudy.records import DUMMY, HUNT, SCREEN, MemberRows
from gradstudy.search.base import NOTHING_KEPT, AskedTrial, AskTell, Kept
from gradstudy.search.hunt.hunt import DRAWN, Hunt, HuntTrials
from gradstudy.search.hunt.sampler import SAMPLERS, sampled
from gradstudy.search.hunt.told import Told, best_region, inside
from gradstudy.search.screen.screen import ScreenTrials
from gradstudy.search.search_space import Levels, SearchSpace


@dataclass(frozen=True)
class ScreenThenHunt(Hunt):
    """`screen_share` of the trials are a screen, the others a hunt by the sampler that `hunt` names.

    Where the screen ends decides all that the hunt does, so a study of another budget is another study.
    """

    screen_share: float = number(0.5, above=0.0, below=1.0)
    hunt: str = word(*SAMPLERS)

    name: ClassVar[str] = "screen_then_hunt"
    phases: ClassVar[tuple[str, ...]] = (SCREEN, HUNT)

    def note(self, trials: int) -> str:
        hunted = trials - self.screened(trials)
        adapts = f"{self.batch} at a time" if hunted > self.batch else "all at once, and so adapt to the screen alone"
        return (
            f"A share of {self.screen_share:g} of the trials is a screen, and is ranked. The others are then hunted "
            f"where its best lie, {adapts} (search.batch={self.batch}). {DRAWN}"
        )

    def screened(self, trials: int) -> int:
        """How many of so many trials are the screen's."""
        return min(max(round(self.screen_share * trials), 1), trials - 1)

    def identity(self, trials: int) -> dict[str, Any]:
        return {**super().identity(trials), "trials": trials}

    def rows(self, space: SearchSpace, told: Sequence[Told], *, start: int, count: int, seed: int) -> list[Levels]:
        return sampled(self.hunt, space, self.objectives, told, start=start, count=count, seed=seed)

    def over(self, space: SearchSpace, *, seed: int, seeds: int, trials: int) -> AskTell:
        self.check(space, seeds)
        if trials < 2:
            raise InputError(f"search=screen_then_hunt needs budget.trials of at least 2, got {trials}.")
        return ScreenThenHuntTrials(self, space, screened=self.screened(trials), seed=seed, seeds=seeds)


class ScreenThenHuntTrials:
    """Both parts as one `AskTell`. The hunt has an Optuna study of its own in the same storage.

    It knows the screen's trials that lie in its region; its own numbers go on behind the screen's.
    """

    _hunt: HuntTrials  # once all trials of the screen are told

    def __init__(self, way: ScreenThenHunt, space: SearchSpace, *, screened: int, seed: int, seeds: int):
        self.prunes = way.pruner != "none"
        self._way, self._screened, self._seed, self._seeds = way, screened, seed, seeds
        self._hunted = space.among(tuple(factor for factor in space.factors if factor != DUMMY))
        self._screen = ScreenTrials(space, seed)
        self._levels: dict[int, Levels] = {}
        self._told: dict[int, Told] = {}

    def preview(self, budget: int) -> list[list[AskedTrial]]:
        hunt = self._hunt_in(self._hunted, ())
        return [*self._screen.preview(self._screened), *hunt.preview(budget - self._screened)]

    def open(self, storage: BaseStorage, name: str, kept: Kept = NOTHING_KEPT) -> None:
        screened = {number: levels for number, levels in kept.levels.items() if number < self._screened}
        self._screen.open(storage, name, replace(kept, levels=screened))
        self._storage, self._name, self._kept = storage, f"{name}-hunt", kept

    @property
    def blocks(self) -> Sequence[int]:
        return self._screen.blocks

    def total(self, budget: int) -> int:
        return budget

    def batches(self, budget: int) -> Iterator[list[AskedTrial]]:
        for batch in self._screen.batches(self._screened):
            self._levels = {trial.number: trial.levels for trial in batch}
            yield batch
        # Without those that failed: a trial that is tried again later does not change where was hunted.
        told = [self._told[number] for number in sorted(self._told.keys() - self._screen.failed)]
        if not told:
            return
        region = best_region(self._hunted.factors, told, self._way.objectives)
        self._hunt = self._hunt_in(self._hunted.among(region), [one for one in told if inside(region, one.levels)])
        self._hunt.open(self._storage, self._name, self._kept)
        yield from self._hunt.batches(budget - self._screened)

    def tell(self, number: int, rows: MemberRows) -> None:
        if number >= self._screened:
            self._hunt.tell(number, rows)
            return
        if rows:
            levels = {name: level for name, level in self._levels[number].items() if name != DUMMY.name}
            values = tuple(objective.mean(rows) for objective in self._way.objectives)
            self._told[number] = Told(levels, values, self._way.objectives[0].by_seed(rows))
        self._screen.tell(number, rows)

    def hopeless(self, number: int, rows: MemberRows) -> bool:
        return number >= self._screened and self._hunt.hopeless(number, rows)

    def _hunt_in(self, space: SearchSpace, known: Sequence[Told]) -> HuntTrials:
        return HuntTrials(self._way, space, seed=self._seed, seeds=self._seeds, first=self._screened, known=known)
