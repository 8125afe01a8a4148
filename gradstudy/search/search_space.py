"""The space of a search, and how the levels of one trial are chosen from it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from math import floor, log10
from typing import cast

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from gradstudy.records import DUMMY, Factor, Level

Levels = dict[str, Level]
Active = Callable[[Mapping[str, Level]], Collection[str]]
"""The factors that live where the config groups have these levels."""

DIGITS = 6
"""Significant digits of a number: short enough to read in an override, fine enough for every stratum."""


@dataclass(frozen=True)
class SearchSpace:
    """What is varied, and what lives where. `groups` are the factors that are config groups."""

    factors: tuple[Factor, ...]
    active: Active
    groups: Collection[str]

    def levels(self, take: Callable[[Factor], Level]) -> Levels:
        """The levels of one trial, in the order of the factors: of what lives in it, and no others.

        The groups' are taken first and decide, by `active`, which others live in the trial; the dummy always does.
        """
        chosen = {factor.name: take(factor) for factor in self.factors if factor.name in self.groups}
        living = {*self.active(chosen), *self.groups, DUMMY.name}
        return {
            factor.name: chosen[factor.name] if factor.name in chosen else take(factor)
            for factor in self.factors
            if factor.name in living
        }

    def among(self, factors: tuple[Factor, ...]) -> "SearchSpace":
        """The same space with these factors."""
        return replace(self, factors=factors)


def distribution(factor: Factor) -> BaseDistribution:
    """The factor in Optuna's words."""
    if factor.levels:
        return CategoricalDistribution(factor.levels)
    if factor.integer:
        return IntDistribution(int(factor.low), int(factor.high), log=factor.log)
    return FloatDistribution(factor.low, factor.high, log=factor.log)


def suggested(trial: optuna.Trial, factor: Factor) -> Level:
    """The trial's level of a factor: read where it is stored, else taken from the sampler."""
    if factor.levels:
        return cast(Level, trial.suggest_categorical(factor.name, factor.levels))  # None is no level
    if factor.integer:
        return trial.suggest_int(factor.name, int(factor.low), int(factor.high), log=factor.log)
    return trial.suggest_float(factor.name, factor.low, factor.high, log=factor.log)


def readable(factor: Factor, level: Level) -> Level:
    """The level with as many digits as a person wants to read in an override, and still inside its range.

    A range that is narrow beside its distance from zero needs more digits to be told apart within.
    """
    if factor.levels or factor.integer:
        return level
    narrowness = max(abs(factor.low), abs(factor.high)) / (factor.high - factor.low)
    digits = DIGITS + max(0, floor(log10(narrowness)))
    return min(max(float(f"{level:.{digits}g}"), factor.low), factor.high)
