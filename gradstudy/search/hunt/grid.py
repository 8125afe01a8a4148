"""A hunt through every point of a space of levels, each once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import prod
from typing import ClassVar

from gradstudy.errors import InputError
from gradstudy.records import Level
from gradstudy.search.base import AskTell
from gradstudy.search.hunt.hunt import Hunt
from gradstudy.search.hunt.told import Told
from gradstudy.search.search_space import Levels, SearchSpace


@dataclass(frozen=True)
class Grid(Hunt):
    """Asks for every combination of the levels of what lives together: it does not look at results.

    Optuna's own GridSampler knows no conditions, and would ask again for points that differ in a sleeping factor only.
    """

    name: ClassVar[str] = "grid"

    def note(self, trials: int) -> str:
        return "A grid: every combination of levels, once. It finds the best, and ranks no causes."

    def over(self, space: SearchSpace, *, seed: int, seeds: int, trials: int) -> AskTell:
        ranges = [factor.name for factor in space.factors if factor.is_number]
        if ranges:
            raise InputError(
                f"search=grid needs a list of levels for every factor, but {ranges[0]} has a range. Name its levels, "
                f"as in space.{ranges[0]}='choice(0.1,1,10)' or range(1,9), or let search=random or search=tpe choose."
            )
        return super().over(space, seed=seed, seeds=seeds, trials=trials)

    def rows(self, space: SearchSpace, told: Sequence[Told], *, start: int, count: int, seed: int) -> list[Levels]:
        return list(islice(_points(space), start, start + count))

    def preview(self, space: SearchSpace, count: int, seed: int) -> list[Levels]:
        """The grid itself. A grid that is walked in part would be a choice of its first levels, which nobody wants."""
        size = self.most(space)
        if size > count:
            raise InputError(
                f"search=grid tries every combination of levels, which are {size}, and so needs budget.trials of at "
                f"least {size}, got {count}. Raise it, vary fewer levels, or let search=random or search=tpe choose."
            )
        return list(_points(space))

    def most(self, space: SearchSpace) -> int:
        return sum(prod(len(levels) for levels in columns.values()) for columns in _blocks(space))


def _blocks(space: SearchSpace) -> Iterator[Mapping[str, Sequence[Level]]]:
    """One grid of levels per choice of the config groups, which decides what lives."""
    groups = [factor for factor in space.factors if factor.name in space.groups]
    for options in product(*(factor.levels for factor in groups)):
        chosen = {factor.name: option for factor, option in zip(groups, options, strict=True)}
        living = {*space.active(chosen), *chosen}
        yield {
            factor.name: (chosen[factor.name],) if factor.name in chosen else factor.levels
            for factor in space.factors
            if factor.name in living
        }


def _points(space: SearchSpace) -> Iterator[Levels]:
    for columns in _blocks(space):
        for levels in product(*columns.values()):
            yield dict(zip(columns, levels, strict=True))
