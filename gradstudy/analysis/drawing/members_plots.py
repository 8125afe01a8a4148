"""What the members of a study did, factor by factor: pictures that need no ranking."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.drawing.letters import letters
from gradstudy.analysis.drawing.level_strips import level_strips
from gradstudy.analysis.drawing.verdict_bars import verdict_bars
from gradstudy.analysis.levels import cut
from gradstudy.analysis.member_check import check_members
from gradstudy.analysis.outcome import outcome_of
from gradstudy.analysis.space import INACTIVE, encode
from gradstudy.analysis.units import RANKED_UNITS
from gradstudy.errors import InputError, nearest
from gradstudy.records import VERDICTS, Factor

ELSEWHERE = "elsewhere"
"""Where a factor does not live."""


def plot_levels(
    members: pd.DataFrame, factors: Sequence[Factor], name: str, response: str, *, steps: int, axes: Any = None
) -> Any:
    """How is a response spread at each level of this factor, trial by trial? Means over seeds, as they are ranked."""
    factor = _known(factors, name)
    check_members(members, factors, response)
    outcome = outcome_of(members, response, steps)
    coordinates = encode(outcome.trials, [factor])[:, 0]
    lives = coordinates != INACTIVE
    if not lives.any():
        raise InputError(f"{name} lives in none of the {len(lives)} trials: there is nothing to plot.")
    levels, share = outcome.trials[name].to_numpy()[lives], outcome.diverged / np.bincount(outcome.row)
    axes = level_strips(factor, cut(factor, coordinates[lives]), levels, outcome.shown[lives], share[lives], axes=axes)
    axes.set_ylabel(f"{response} ({RANKED_UNITS[response]})")
    return axes


def plot_verdicts(members: pd.DataFrame, factors: Sequence[Factor], name: str = "", axes: Any = None) -> Any:
    """Which verdicts did the members get, at each level of this factor, or in all?"""
    groups, codes = ("all members",), np.zeros(len(members), dtype=int)
    if name:
        factor = _known(factors, name)
        found = cut(factor, encode(members, [factor])[:, 0])
        groups, codes = (*found.names, ELSEWHERE), found.codes  # -1, where it does not live, is the last of the groups
    of_member = pd.Categorical([groups[code] for code in codes], categories=dict.fromkeys(groups))
    counts = pd.crosstab(of_member, members["verdict"].to_numpy()).reindex(columns=VERDICTS, fill_value=0)
    axes = verdict_bars(counts, axes)
    axes.set_ylabel(letters(name))
    return axes


def _known(factors: Sequence[Factor], name: str) -> Factor:
    by_name = {factor.name: factor for factor in factors}
    if name not in by_name:
        raise InputError(f"A factor must be one of {', '.join(by_name)}, got {name!r}.{nearest(name, by_name)}")
    return by_name[name]
