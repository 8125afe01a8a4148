"""What do the stored trials of a screen know about health? Made once, asked for every prescription."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from gradstudy.analysis.cure.chance import Chance, burdens
from gradstudy.analysis.cure.health import trial_health
from gradstudy.analysis.settings import Analysis
from gradstudy.analysis.space import INACTIVE, Rule, Screen, encode, infer_space
from gradstudy.errors import InputError
from gradstudy.records import DUMMY, Factor, Level

FEWEST_TRIALS = 8
"""Below this a surrogate knows nothing but its prior."""


class Experience:
    """The trials of a screen: coded points, which of them are `healthy` [trial], and the chance of any other point.

    `members` has one row per trial x seed of a randomised screen. `trials` are their numbers; `chance` is None where
    there is nothing to learn it from: too few trials, or none healthy.
    """

    def __init__(self, members: pd.DataFrame, factors: Sequence[Factor], settings: Analysis, seed: int = 0):
        if members.empty:
            raise InputError("A prescription needs the measured trials of a screen, got none: run the study first.")
        self.settings, self._seed = settings, seed
        self.health = trial_health(members)
        self.trials = self.health.index.to_numpy()
        self.healthy = self.health["healthy"].to_numpy(dtype=bool)
        self._table = members.groupby("trial")[[factor.name for factor in factors]].first()
        self.screen = Screen(tuple(factors), encode(self._table, factors), self.healthy.astype(float))

    @cached_property
    def rules(self) -> Mapping[int, Rule]:
        """Where does each conditional factor (a column) live?"""
        return infer_space(self.screen).rules

    @cached_property
    def chance(self) -> Chance | None:
        if len(self.trials) < FEWEST_TRIALS or not self.healthy.any():
            return None
        worst = [(self.health[name].to_numpy(), getattr(self.settings, name)) for name in ("vanishing", "exploding")]
        return Chance(self.screen, burdens(worst), self._seed)

    @property
    def unknown(self) -> str:
        """Why can nothing be said about who is healthy? Empty where something can."""
        if not self.healthy.any():
            return f"none of the {len(self.trials)} trials is healthy on every seed, so nothing shows what would be."
        if self.chance is None:
            return f"{len(self.trials)} trials are too few, at least {FEWEST_TRIALS} are needed; raise budget.trials."
        if not self.chance.decisive:
            return "no factor is known to decide who is healthy; more trials may show it."
        return ""

    def levels_of(self, row: int) -> dict[str, Level]:
        """The levels of one trial as a person gave them; the dummy is none."""
        return levels_in(self._table.iloc[row], self.screen.factors)

    def typical(self, verdict: str) -> int | None:
        """Which trial of this verdict is most like the others, in the factors that decide? None: there is no such.

        One whose every seed fails, where there is any.
        """
        called = (self.health["verdict"] == verdict).to_numpy()
        wholly = called & (self.health["failing"] == self.health["seeds"]).to_numpy()
        rows = np.flatnonzero(wholly if wholly.any() else called)
        if not len(rows):
            return None
        points = self.screen.points[rows]
        weights = self.chance.importance if self.chance is not None else np.ones(points.shape[1])
        apart = sum(
            weight * _mean_distance(column, is_number=factor.is_number)
            for weight, column, factor in zip(weights, points.T, self.screen.factors, strict=True)
            if factor.name != DUMMY.name
        )
        return int(self.trials[rows[np.argmin(apart)]])


def levels_in(row: Mapping[str, object], factors: Sequence[Factor]) -> dict[str, Level]:
    """The levels in a row of a members table: what lives, without the dummy, in the words of the study."""
    living = [factor for factor in factors if factor.name != DUMMY.name and pd.notna(row[factor.name])]
    return {factor.name: _level(row[factor.name], factor) for factor in living}


def _level(stored: object, factor: Factor) -> Level:
    if factor.is_number:
        return int(stored) if factor.integer else float(stored)
    code = encode(pd.DataFrame({factor.name: [stored]}), [factor])[0, 0]
    return factor.levels[int(code)]


def _mean_distance(codes: np.ndarray, *, is_number: bool) -> np.ndarray:
    """How far is each trial from the others in one factor? 1 between levels, and between asleep and awake."""
    if not is_number:
        _, which, counts = np.unique(codes, return_inverse=True, return_counts=True)
        return 1.0 - counts[which] / len(codes)
    awake = codes != INACTIVE
    distance = np.where(awake, 1.0 - awake.mean(), awake.mean())
    living = codes[awake]
    order, rank = np.sort(living), np.arange(1, len(living) + 1)
    below = np.cumsum(order)
    sums = order * (2 * rank - len(living)) - 2 * below + below[-1:].sum()
    distance[awake] += sums[np.searchsorted(order, living)] / len(codes)
    return distance
