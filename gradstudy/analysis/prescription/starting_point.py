"""Where a prescription starts: at a stored trial, or at levels that somebody has."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from gradstudy.analysis.prescription.experience import Experience, levels_in, trial_health
from gradstudy.analysis.space.coordinates import INACTIVE, encode
from gradstudy.errors import InputError, nearest
from gradstudy.records import DUMMY, Factor, Level

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
    own = members[members["trial"] == trial]
    if own.empty:
        known = members["trial"]
        raise InputError(
            f"trial must be the number of a stored trial, from {known.min()} to {known.max()}, got {trial!r}."
        )
    health = trial_health(own).iloc[0]
    point, levels = encode(own.iloc[:1], factors)[0], levels_in(own.iloc[0], factors)
    return StartingPoint(int(trial), levels, point, health["verdict"], int(health["failing"]), int(health["seeds"]))


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
