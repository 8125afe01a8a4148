"""What all hunts have in common: what they look for, in which portions, and when they give a trial up."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from gradstudy.errors import InputError
from gradstudy.parts import Part, number, word
from gradstudy.records import HUNT, Factor
from gradstudy.search import pruners
from gradstudy.search.adaptive import Adaptive
from gradstudy.search.asking import Search
from gradstudy.search.objective import Objective, check_responses, objectives_of
from gradstudy.search.past import Told, remembered
from gradstudy.search.randomised import Randomised
from gradstudy.search.search_space import Active, Levels, SearchSpace, readable, suggested


@dataclass(frozen=True)
class Hunt(Part):
    """Trials that are chosen by what came out before: they find configurations, and say nothing about causes.

    `goal` and `objective` say what is looked for; `batch` trials are asked at a time; `pruner` stops trials seed by
    seed. A hunt is one such class with a `sampler` and one YAML.
    """

    storage: str = ""
    goal: str = word("healthiest", "worst")
    objective: tuple[str, ...] = ("vanishing", "exploding")
    batch: int = number(32, at_least=1)
    pruner: str = word("none", "median", "wilcoxon")

    name: ClassVar[str]
    phases: ClassVar[tuple[str, ...]] = (HUNT,)

    def __post_init__(self) -> None:
        if isinstance(self.objective, str):  # one word is a list of one
            object.__setattr__(self, "objective", (self.objective,))
        super().__post_init__()
        check_responses(self.objective)
        if self.pruner != "none" and len(self.objective) > 1:
            raise ValueError(
                f"pruner must be none where several objectives are hunted for ({', '.join(self.objective)}), "
                f"got '{self.pruner}': hunt for one, as in search.objective={self.objective[0]}"
            )

    def sampler(self, seed: int, told: int) -> BaseSampler:
        """Optuna's sampler of this hunt, when so many trials have been told."""
        raise NotImplementedError

    @property
    def hunted(self) -> Mapping[str, Any]:
        return {"goal": self.goal, "objective": list(self.objective)}

    @property
    def note(self) -> str:
        return (
            f"A hunt: trials are chosen {self.batch} at a time by what came of those before, and rank no causes. Those "
            "shown are drawn at random from the same space, for an estimate."
        )

    @property
    def objectives(self) -> tuple[Objective, ...]:
        return objectives_of(self.hunted)

    def identity(self, trials: int) -> Any:
        settings = {key: value for key, value in asdict(self).items() if key != "storage"}
        return {"search": type(self).__name__, **settings}

    def search(
        self, factors: Sequence[Factor], *, active: Active, groups: Collection[str], seed: int, seeds: int, trials: int
    ) -> Search:
        self.check_seeds(seeds)
        return Adaptive(SearchSpace(tuple(factors), active, groups), self, seed=seed, seeds=seeds)

    def rows(self, space: SearchSpace, past: Sequence[Told], *, start: int, count: int, seed: int) -> list[Levels]:
        """The levels of the next `count` trials, the first of which is `start`: a function of what was told before."""
        told = sum(not one.pruned for one in past)
        sampler = self.sampler(_seed_of(seed, start), told)
        study = remembered(space.factors, self.objectives, past, sampler)
        asked = (study.ask() for _ in range(count))
        return [space.levels(lambda factor, trial=trial: readable(factor, suggested(trial, factor))) for trial in asked]

    def preview(self, space: SearchSpace, count: int, seed: int) -> list[Levels]:
        """So many trials of the same space, at random: the hunt's own depend on what will come out."""
        return [trial.levels for batch in Randomised(space, seed).preview(count) for trial in batch]

    def most(self, space: SearchSpace) -> float:
        """How many different trials can it ask?"""
        return float("inf")

    def make_pruner(self) -> BasePruner:
        return getattr(pruners, self.pruner)()

    def check_seeds(self, seeds: int) -> None:
        needed = pruners.ENOUGH_SEEDS[self.pruner]
        if seeds < needed:
            raise InputError(
                f"search.pruner={self.pruner} stops a trial after some of its seeds, and so needs budget.seeds of at "
                f"least {needed}, got {seeds}. Raise it, or choose search.pruner=none."
            )


def _seed_of(seed: int, start: int) -> int:
    """Every batch has a random stream of its own, so that it can be asked again without those before it."""
    return int(np.random.SeedSequence([*b"hunt", seed, start]).generate_state(1)[0])
