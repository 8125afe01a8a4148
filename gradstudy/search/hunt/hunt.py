"""A hunt: trials are asked in batches, each chosen by what was told of those before it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, ClassVar

from optuna import Study
from optuna.storages import BaseStorage

from gradstudy.errors import InputError
from gradstudy.parts import Part, number, word
from gradstudy.records import HUNT, MemberRows
from gradstudy.search.base import NOTHING_KEPT, AskedTrial, AskTell, Kept
from gradstudy.search.hunt.sampler import ENOUGH_SEEDS, PRUNERS, SAMPLERS, first_at_random, is_hopeless, sampled
from gradstudy.search.hunt.told import Told, frozen, study_in_memory
from gradstudy.search.objective import HUNTED, Objective, check_responses, objectives_of
from gradstudy.search.screen.screen import ScreenTrials
from gradstudy.search.search_space import Levels, SearchSpace
from gradstudy.search.stored_trials import StoredTrials

DRAWN = "Those shown are drawn at random from the same space, for an estimate."


@dataclass(frozen=True)
class Hunt(Part, group="search"):
    """Trials that are chosen by what came out before: they find configurations, and say nothing about causes.

    `goal` and `objective` say what is looked for; `batch` trials are asked at a time, and so the first of them blindly;
    `pruner` stops trials seed by seed. Which trials are asked is what hunts differ in.
    """

    storage: str = ""
    goal: str = word("healthiest", "worst")
    objective: tuple[str, ...] = HUNTED
    batch: int = number(8, at_least=1, at_most=10_000)
    pruner: str = word(*PRUNERS)

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

    @property
    def name(self) -> str:
        """Its option in conf/search."""
        raise NotImplementedError

    def rows(self, space: SearchSpace, told: Sequence[Told], *, start: int, count: int, seed: int) -> list[Levels]:
        """The levels of the next `count` trials, the first of which is `start`: a function of what was told before."""
        raise NotImplementedError

    def most(self, space: SearchSpace) -> float:
        """The number of different trials that it can ask."""
        return float("inf")

    def preview(self, space: SearchSpace, count: int, seed: int) -> list[Levels]:
        """So many trials of the same space, at random: the hunt's own depend on what will come out."""
        return [trial.levels for batch in ScreenTrials(space, seed).preview(count) for trial in batch]

    @property
    def hunted(self) -> Mapping[str, Any]:
        return {"goal": self.goal, "objective": list(self.objective), "batch": self.batch}

    @property
    def objectives(self) -> tuple[Objective, ...]:
        return objectives_of(self.hunted)

    def note(self, trials: int) -> str:
        blind = self.blind
        if blind >= trials:
            chosen = f"A hunt that never adapts: the first {blind} trials are chosen before enough is known"
            way = f"which are all of budget.trials={trials} (search.batch={self.batch} are chosen at a time). " + (
                "Take a smaller search.batch, or more trials. " if blind > 1 else ""
            )
            return f"{chosen}, {way}{DRAWN}"
        return (
            f"A hunt: trials are chosen {self.batch} at a time by what came of those before (search.batch), the first "
            f"{blind} blindly, and rank no causes. {DRAWN}"
        )

    @property
    def blind(self) -> int:
        """How many trials are chosen before anything is known that they could adapt to: whole batches."""
        return self.batch

    def identity(self, trials: int) -> dict[str, Any]:
        settings = {key: value for key, value in asdict(self).items() if key not in ("storage", "sampler")}
        return {"search": self.name.title().replace("_", ""), **settings}

    def over(self, space: SearchSpace, *, seed: int, seeds: int, trials: int) -> AskTell:
        self.check(space, seeds)
        return HuntTrials(self, space, seed=seed, seeds=seeds)

    def check(self, space: SearchSpace, seeds: int) -> None:
        """InputError where the pruner can spare no seed, or where no trial of this space can be chosen."""
        needed = ENOUGH_SEEDS[self.pruner]
        if seeds < needed:
            raise InputError(
                f"search.pruner={self.pruner} stops a trial after some of its seeds, and so needs budget.seeds of at "
                f"least {needed}, got {seeds}. Raise it, or choose search.pruner=none."
            )
        try:
            self.rows(space, (), start=0, count=1, seed=0)
        except (ImportError, ValueError) as error:  # a package that Optuna wants, or levels that a sampler cannot take
            raise InputError(f"search={self.name} cannot choose trials of this space: {error}") from error


@dataclass(frozen=True)
class SampledHunt(Hunt):
    """A hunt by one of Optuna's samplers, which `sampler` names and its option in conf/search is named by."""

    sampler: str = word(*SAMPLERS)

    @property
    def name(self) -> str:
        return self.sampler

    def note(self, trials: int) -> str:
        if self.sampler == "random":
            return "Trials drawn at random, others than those shown. They are looked through for the best only."
        return super().note(trials)

    @property
    def blind(self) -> int:
        return ceil(max(first_at_random(self.sampler), 1) / self.batch) * self.batch

    def rows(self, space: SearchSpace, told: Sequence[Told], *, start: int, count: int, seed: int) -> list[Levels]:
        return sampled(self.sampler, space, self.objectives, told, start=start, count=count, seed=seed)


class HuntTrials:
    """The trials of one hunt, as `AskTell` has it.

    What is asked depends on nothing but the seed, the number of the batch and what was told of the batches before it,
    so a launch that goes on asks what an undisturbed one would have asked. `known` are trials told elsewhere that the
    hunt begins with, and `first` is the number of its own first trial.
    """

    def __init__(
        self, hunt: Hunt, space: SearchSpace, *, seed: int, seeds: int, first: int = 0, known: Sequence[Told] = ()
    ):
        self.prunes = hunt.pruner != "none"
        self._hunt, self._space = hunt, space
        self._seed, self._seeds = seed, seeds
        self._first, self._known = first, known
        self._levels: dict[int, Levels] = {}
        self._told: dict[int, Told] = {}
        self._rows: dict[int, list[Levels]] = {}
        self._judges: dict[int, Study] = {}
        self._count = 0
        self._stored = StoredTrials(space, self._row, hunt.objectives)

    def open(self, storage: BaseStorage, name: str, kept: Kept = NOTHING_KEPT) -> None:
        behind = len(self._known) - self._first
        levels = {number + behind: own for number, own in kept.levels.items() if number >= self._first}
        levels |= {place: told.levels for place, told in enumerate(self._known)}
        search = self._hunt.identity(0)
        self._stored.open(storage, name, search=search, seed=self._seed, kept=levels, say=kept.say)
        self._stored.begin_with([frozen(self._space.factors, told) for told in self._known])

    def preview(self, budget: int) -> list[list[AskedTrial]]:
        rows, size = self._hunt.preview(self._space, budget, self._seed), self._hunt.batch
        asked = [AskedTrial(number, levels, HUNT) for number, levels in enumerate(rows, self._first)]
        return [asked[start : start + size] for start in range(0, len(asked), size)]

    @property
    def blocks(self) -> Sequence[int]:
        return ()

    def total(self, budget: int) -> int:
        asked = max(budget, len(self._stored) - len(self._known))
        return self._first + int(min(asked, self._hunt.most(self._space)))

    def batches(self, budget: int) -> Iterator[list[AskedTrial]]:
        known, size, start = len(self._known), self._hunt.batch, 0
        while start < (count := self.total(budget) - self._first):  # which falls where the search has to be made anew
            self._count = count
            asked = self._stored.ask(known + start, known + min(start + size, count))
            batch = [AskedTrial(place - known + self._first, levels, HUNT) for place, levels in asked]
            self._levels.update({trial.number: trial.levels for trial in batch})
            yield batch
            start += size

    def tell(self, number: int, rows: MemberRows) -> None:
        objectives, place = self._hunt.objectives, number - self._first + len(self._known)
        if not rows:
            self._stored.fail(place)
            return
        values = tuple(objective.mean(rows) for objective in objectives)
        told = Told(self._levels[number], values, objectives[0].by_seed(rows), pruned=len(rows) < self._seeds)
        self._told[number] = told
        self._stored.tell(place, None if told.pruned else values, told.by_seed if self.prunes else ())

    def hopeless(self, number: int, rows: MemberRows) -> bool:
        start, objectives = self._start(number - self._first), self._hunt.objectives
        if start not in self._judges:
            self._judges = {start: study_in_memory(self._space.factors, objectives, self._before(start))}
        return is_hopeless(self._hunt.pruner, self._judges[start], objectives[0].by_seed(rows))

    def _start(self, index: int) -> int:
        """Where the batch of this trial begins, both counted from 0 in this hunt."""
        return index - index % self._hunt.batch

    def _before(self, start: int) -> list[Told]:
        """What was told of all batches before the one that begins there, whatever is known by now of its own.

        Of failed trials nothing was.
        """
        numbers = range(self._first, self._first + start)
        return [*self._known, *(self._told[number] for number in numbers if number in self._told)]

    def _row(self, study: Study, place: int) -> Levels:
        """Asked only for what is not stored: going on with a long hunt does not choose its trials again."""
        index = place - len(self._known)
        start = self._start(index)
        if start not in self._rows:
            told, count = self._before(start), min(self._hunt.batch, self._count - start)
            self._rows[start] = self._hunt.rows(self._space, told, start=start, count=count, seed=self._seed)
        return self._rows[start][index - start]
