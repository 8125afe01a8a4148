"""The factors as coordinates: a number runs over [0, 1], a level is its index, and what does not live is INACTIVE."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.space.replicates import ReplicateMeans, Replicates
from gradstudy.errors import InputError, nearest
from gradstudy.records import Factor

INACTIVE = -1.0


@dataclass(frozen=True)
class Rule:
    """Where a conditional factor lives: where the `parents` (columns) take one of these tuples of codes."""

    parents: tuple[int, ...]
    alive: np.ndarray  # [tuple, parent]

    def holds(self, points: np.ndarray) -> np.ndarray:
        """Whether the factor lives in each of these points [point, factor]: [point] of bool."""
        return np.asarray((points[:, None, list(self.parents)] == self.alive).all(axis=2).any(axis=1))


@dataclass(frozen=True)
class FactorSpace:
    """The points that a trial can be, and their measure: levels uniform, numbers uniform on their (log) range.

    `codes` holds the observed level codes of each factor (empty for a number): nothing is known of other levels.
    A conditional factor always has a value drawn, and is masked wherever its rule does not hold.
    """

    factors: tuple[Factor, ...]
    codes: tuple[np.ndarray, ...]
    rules: Mapping[int, Rule]

    @property
    def smooth(self) -> np.ndarray:
        return np.array([not len(codes) for codes in self.codes])

    def place(self, unit: np.ndarray) -> np.ndarray:
        """The unmasked points that these points of the unit cube [point, factor] stand for."""
        points = unit.copy()
        for column, codes in enumerate(self.codes):
            if len(codes):
                points[:, column] = codes[np.minimum((unit[:, column] * len(codes)).astype(int), len(codes) - 1)]
        return points

    def mask(self, points: np.ndarray) -> np.ndarray:
        """The same points, INACTIVE where a factor does not live."""
        masked = points.copy()
        for column, rule in self.rules.items():
            masked[~rule.holds(points), column] = INACTIVE
        return masked

    def restrict(self, points: np.ndarray, unit: np.ndarray, column: int) -> np.ndarray:
        """Unmasked points moved to where this conditional factor lives; `unit` decides which tuple its parents take."""
        rule, moved = self.rules[column], points.copy()
        choice = np.minimum((unit[:, rule.parents[0]] * len(rule.alive)).astype(int), len(rule.alive) - 1)
        moved[:, list(rule.parents)] = rule.alive[choice]
        return moved


@dataclass(frozen=True)
class CodedTrials:
    """What the trials gave: coded points [trial, factor] and one value [trial] each.

    `repeats` is what their seeds say beyond these means, None where nothing is known of it.
    """

    factors: tuple[Factor, ...]
    points: np.ndarray
    values: np.ndarray
    repeats: Replicates | None = None

    @property
    def lives(self) -> np.ndarray:
        """Whether each factor lives in each trial: [trial, factor] of bool."""
        return np.asarray(self.points != INACTIVE)

    @property
    def repeated(self) -> Replicates:
        """What the seeds say; without any, means that are all known equally well."""
        return self.repeats or Replicates(ReplicateMeans(self.values, np.ones(len(self.values)), 0.0))

    def among(self, trials: np.ndarray) -> "CodedTrials":
        some = np.flatnonzero(trials) if trials.dtype == bool else trials
        repeats = self.repeats and self.repeats.among(some)
        return CodedTrials(self.factors, self.points[some], self.values[some], repeats)

    def only(self, columns: Sequence[int]) -> "CodedTrials":
        return CodedTrials(
            tuple(self.factors[column] for column in columns), self.points[:, columns], self.values, self.repeats
        )


def encode(trials: pd.DataFrame, factors: Sequence[Factor]) -> np.ndarray:
    """The coded points of these trials: [trial, factor]."""
    points = np.full((len(trials), len(factors)), INACTIVE)
    for column, factor in enumerate(factors):
        lives = trials[factor.name].notna().to_numpy()
        present = trials.loc[lives, factor.name]
        codes = factor.place(present.to_numpy(float)) if factor.is_number else level_codes(present, factor)
        points[lives, column] = codes
    return points


def infer_space(screen: CodedTrials) -> FactorSpace:
    """The levels that occur, and those that decide where each conditional factor lives.

    A conditional factor that no one or two of the ever-living categorical factors decide has no rule here.
    """
    codes = tuple(
        np.array([]) if factor.is_number else np.setdiff1d(column, [INACTIVE])
        for factor, column in zip(screen.factors, screen.points.T, strict=True)
    )
    always = screen.lives.all(axis=0)
    parents = [column for column in np.flatnonzero(always).tolist() if len(codes[column])]
    rules = {
        column: _infer_rule(screen.points, screen.lives[:, column], parents)
        for column in np.flatnonzero(~always).tolist()
    }
    return FactorSpace(screen.factors, codes, {column: rule for column, rule in rules.items() if rule})


def _infer_rule(points: np.ndarray, lives: np.ndarray, candidates: Sequence[int]) -> Rule | None:
    for size in (1, 2):
        for parents in combinations(candidates, size):
            alive = np.unique(points[lives][:, list(parents)], axis=0)
            rule = Rule(parents, alive)
            if (rule.holds(points) == lives).all():
                return rule
    return None


def level_codes(values: Iterable[Any], factor: Factor) -> list[int]:
    """The places of these among the factor's levels.

    Storage may return a level as text or a whole number as a float: both spellings lead to the same code.
    """
    known: dict[Any, int] = {str(level): code for code, level in enumerate(factor.levels)}
    known |= {level: code for code, level in enumerate(factor.levels)}
    unknown = [value for value in values if value not in known]
    if unknown:
        hint = nearest(str(unknown[0]), map(str, factor.levels))
        raise InputError(f"{factor.name} must be one of {list(factor.levels)}, but a trial has {unknown[0]!r}.{hint}")
    return [known[value] for value in values]
