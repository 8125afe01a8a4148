"""First a screen, which ranks causes, then a hunt inside the best region that it found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from optuna.samplers import BaseSampler

from gradstudy.errors import InputError
from gradstudy.parts import number, word
from gradstudy.records import HUNT, SCREEN, Factor
from gradstudy.search import samplers
from gradstudy.search.asking import Search
from gradstudy.search.hunt import Hunt
from gradstudy.search.search_space import Active, SearchSpace
from gradstudy.search.staged import Staged


@dataclass(frozen=True)
class ScreenThenHunt(Hunt):
    """`screen_share` of the trials are a screen, the others a hunt by the sampler that `hunt` names.

    Where the screen ends decides all that the hunt does, so a study of another budget is another study.
    """

    screen_share: float = number(0.5, above=0.0, below=1.0)
    hunt: str = word("tpe", "gp", "nsga2", "random")

    name: ClassVar[str] = "screen_then_hunt"
    phases: ClassVar[tuple[str, ...]] = (SCREEN, HUNT)

    @property
    def note(self) -> str:
        return (
            f"A share of {self.screen_share:g} of the trials is a screen, and is ranked. The others are then hunted "
            f"where its best lie, {self.batch} at a time; those shown are drawn at random, for an estimate."
        )

    def identity(self, trials: int) -> Any:
        return {**super().identity(trials), "trials": trials}

    def search(
        self, factors: Sequence[Factor], *, active: Active, groups: Collection[str], seed: int, seeds: int, trials: int
    ) -> Search:
        self.check_seeds(seeds)
        if trials < 2:
            raise InputError(f"search=screen_then_hunt needs budget.trials of at least 2, got {trials}.")
        screened = min(max(round(self.screen_share * trials), 1), trials - 1)
        return Staged(SearchSpace(tuple(factors), active, groups), self, screened=screened, seed=seed, seeds=seeds)

    def sampler(self, seed: int, told: int) -> BaseSampler:
        return getattr(samplers, self.hunt)(seed, told)
