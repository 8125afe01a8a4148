"""What the trials of a screen teach about who is well, and the configurations that one may start from.

A member is well whose gradients are healthy and which learned, where the budget was enough for that. A trial is well
only when every one of its seeds is.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gradstudy.analysis.prescription.chance import SATURATED, Chance, burdens
from gradstudy.analysis.responses.outcomes import enough_budget, trial_verdicts, well
from gradstudy.analysis.settings import Analysis
from gradstudy.analysis.space.coordinates import INACTIVE, CodedTrials, Rule, encode, infer_space, level_codes
from gradstudy.conclusions import FEWEST_TRIALS, NoCure
from gradstudy.errors import InputError, nearest
from gradstudy.records import DUMMY, HEALTHY, STUCK, Factor, Level


def trial_health(members: pd.DataFrame) -> pd.DataFrame:
    """What became of each trial: one row per trial, in the order of their numbers.

    `members` has the columns trial, vanishing, exploding, learned, verdict and outcome. `vanishing` and `exploding` are
    those of the worst seed, so that a trial is healthy exactly when both lie below their thresholds; `healthy` (bool);
    `verdict` is that of `trial_verdict`, and `state` is the same but for trials of healthy gradients that are not well,
    which are `stuck`; `well` (bool); `learned` is that of the worst seed, where it is known; `seeds` counts members,
    and `failing` those that are not well.
    """
    return _health(members, well(members))


def _health(members: pd.DataFrame, doing: "pd.Series[bool]") -> pd.DataFrame:
    by_trial = members.groupby("trial")
    health = by_trial[["vanishing", "exploding"]].max()
    health["verdict"] = trial_verdicts(members)
    health["healthy"] = health["verdict"] == HEALTHY
    well_by_trial = doing.groupby(members["trial"])
    health["well"] = well_by_trial.all()
    health["seeds"] = well_by_trial.size()
    health["learned"] = by_trial["learned"].min()
    health["failing"] = health["seeds"] - well_by_trial.sum()
    health["state"] = health["verdict"].mask(health["healthy"] & ~health["well"], STUCK)
    return health


LEARNS_WELL = 0.3
"""Who learns this share of the way more than the threshold is far from being stuck."""


class Experience:
    """The trials of a screen: coded points, which of them are `well` [trial], and the chance of any other point.

    `members` has one row per trial x seed of a randomised screen. `trials` are their numbers; `chance` is None
    where there are too few trials to learn it from. It `judges_learning` where the budget was enough for that.
    """

    def __init__(self, members: pd.DataFrame, factors: Sequence[Factor], settings: Analysis, seed: int = 0):
        if members.empty:
            raise InputError("A prescription needs the measured trials of a screen, got none: run the study first.")
        self.settings, self._seed = settings, seed
        self.health = trial_health(members)
        self.trials = self.health.index.to_numpy()
        self.well = self.health["well"].to_numpy(dtype=bool)
        self.judges_learning = enough_budget(members)
        self._table = members.groupby("trial")[[factor.name for factor in factors]].first()
        self.screen = CodedTrials(tuple(factors), encode(self._table, factors), self.well.astype(float))

    @cached_property
    def rules(self) -> Mapping[int, Rule]:
        """Where each conditional factor (a column) lives."""
        return infer_space(self.screen).rules

    @cached_property
    def burdens(self) -> list[np.ndarray]:
        """How near to failing each trial [trial] is, one array per way to fail; 1 has failed.

        To learn less than the threshold is one of them where the budget was enough for some.
        """
        ways = [(self.health[name].to_numpy(), getattr(self.settings, name)) for name in ("vanishing", "exploding")]
        missing = [self.settings.learned - self.health["learned"].to_numpy()] if self.judges_learning else []
        return [*burdens(ways), *(np.clip(1.0 + miss / LEARNS_WELL, 0.0, SATURATED) for miss in missing)]

    @cached_property
    def chance(self) -> Chance | None:
        if len(self.trials) < FEWEST_TRIALS:
            return None
        return Chance(self.screen, self.burdens, self._seed)

    def is_well(self, row: Mapping[str, Any]) -> bool:
        """Whether a further member with this row is well: it must learn where these trials show that it can."""
        return row["verdict"] == HEALTHY and not (self.judges_learning and row["outcome"] == STUCK)

    @property
    def unknown(self) -> NoCure | None:
        """Why nothing can be said about who is well; None where something can."""
        if not self.well.any():
            return NoCure.NONE_HEALTHY
        if self.chance is None:
            return NoCure.TOO_FEW
        return None if self.chance.decisive else NoCure.NOTHING_DECIDES

    def levels_of(self, row: int) -> dict[str, Level]:
        """The levels of one trial as a person gave them; the dummy is none."""
        return levels_in(self._table.iloc[row], self.screen.factors)

    def typical(self, verdict: str) -> int | None:
        """The trial of this verdict that is most like the others in the factors that decide; None where there is none.

        One whose every seed fails, where there is any. `stuck` counts as a verdict.
        """
        called = (self.health["state"] == verdict).to_numpy()
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


def levels_in(row: Mapping[str, Any] | pd.Series, factors: Sequence[Factor]) -> dict[str, Level]:
    """The levels in a row of a members table: what lives, without the dummy, in the words of the study."""
    living = [factor for factor in factors if factor.name != DUMMY.name and pd.notna(row[factor.name])]
    return {factor.name: _level(row[factor.name], factor) for factor in living}


def _level(stored: Any, factor: Factor) -> Level:
    if factor.is_number:
        return int(stored) if factor.integer else float(stored)
    (code,) = level_codes([stored], factor)
    return factor.levels[code]


def _mean_distance(codes: np.ndarray, *, is_number: bool) -> np.ndarray:
    """How far each trial is from the others in one factor: 1 between levels, and between asleep and awake."""
    if not is_number:
        _, which, counts = np.unique(codes, return_inverse=True, return_counts=True)
        return np.asarray(1.0 - counts[which] / len(codes))
    awake = codes != INACTIVE
    distance: np.ndarray = np.where(awake, 1.0 - awake.mean(), awake.mean())
    living = codes[awake]
    order, rank = np.sort(living), np.arange(1, len(living) + 1)
    below = np.cumsum(order)
    sums = order * (2 * rank - len(living)) - 2 * below + below[-1:].sum()
    distance[awake] += sums[np.searchsorted(order, living)] / len(codes)
    return distance


NOT_MEASURED = "not measured"


class StartingPoint(NamedTuple):
    """A configuration: its `trial` (None: no stored one has these levels), levels, coded point [factor], verdict."""

    trial: int | None
    levels: Mapping[str, Level]
    point: np.ndarray
    verdict: str
    failing: int
    seeds: int


def stored_start(members: pd.DataFrame, factors: Sequence[Factor], trial: int) -> StartingPoint:
    """The configuration of a stored trial, of whatever phase. InputError for a trial that is not stored."""
    its = members["trial"] == trial
    own = members[its]
    if own.empty:
        known = members["trial"]
        raise InputError(
            f"trial must be the number of a stored trial, from {known.min()} to {known.max()}, got {trial!r}."
        )
    health = _health(own, well(members)[its]).to_dict("index")[trial]  # who is well depends on all of them
    point, levels = encode(own.iloc[:1], factors)[0], levels_in(own.iloc[0], factors)
    return StartingPoint(int(trial), levels, point, health["state"], int(health["failing"]), int(health["seeds"]))


def given_start(experience: Experience, members: pd.DataFrame, levels: Mapping[str, Level]) -> StartingPoint:
    """The configuration with these levels; all factors that live in it are needed. InputError says what is wrong."""
    screen = experience.screen
    factors = [factor for factor in screen.factors if factor.name != DUMMY.name]
    _check_names(levels, factors)
    for factor in factors:
        if factor.name in levels:
            _check_level(factor, levels[factor.name])
    row = {factor.name: levels.get(factor.name) for factor in screen.factors} | {DUMMY.name: 0.5}
    point = encode(pd.DataFrame([row]), screen.factors)[0]
    _check_alive(experience, point)
    columns = [column for column, factor in enumerate(screen.factors) if factor.name != DUMMY.name]
    same = np.isclose(screen.points[:, columns], point[columns], atol=1e-9).all(axis=1)
    if same.any():
        return stored_start(members, screen.factors, int(experience.trials[same.argmax()]))
    return StartingPoint(None, levels_in(row, screen.factors), point, NOT_MEASURED, 0, 0)


def _check_names(levels: Mapping[str, Level], factors: Sequence[Factor]) -> None:
    names = [factor.name for factor in factors]
    for name in levels:
        if name not in names and name != DUMMY.name:
            raise InputError(
                f"levels must name factors of the study: {', '.join(names)}, got '{name}'.{nearest(name, names)}"
            )


def _check_level(factor: Factor, level: Level) -> None:
    if factor.levels:
        if str(level) not in map(str, factor.levels):
            hint = nearest(str(level), map(str, factor.levels))
            raise InputError(f"{factor.name} must be one of {', '.join(map(str, factor.levels))}, got {level!r}.{hint}")
        return
    try:
        inside = factor.low <= float(level) <= factor.high
    except (TypeError, ValueError):
        inside = False
    if not inside:
        raise InputError(
            f"{factor.name} must be a number from {factor.low:g} to {factor.high:g}, as in the study, got {level!r}."
        )


def _check_alive(experience: Experience, point: np.ndarray) -> None:
    """Checks that there is a level for every factor that lives with these levels, and for no other."""
    screen = experience.screen
    for column, factor in enumerate(screen.factors):
        rule, given = experience.rules.get(column), point[column] != INACTIVE
        always = bool(screen.lives[:, column].all())
        lives = always or (rule is not None and bool(rule.holds(point[None])[0]))
        if not given and lives:
            raise InputError(f"levels must say what {factor.name} is: it lives in this configuration.")
        if given and rule is not None and not lives:
            raise InputError(f"{factor.name} does not live with these levels: leave it out.")
        if given and not factor.is_number and point[column] not in screen.points[:, column]:
            raise InputError(
                f"No stored trial has {factor.name}={factor.levels[int(point[column])]}: nothing is known of it."
            )
