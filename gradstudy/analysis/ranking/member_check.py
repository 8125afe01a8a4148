"""Whether these are members that a ranking can be made of: checked once, at the door."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gradstudy.errors import InputError, nearest
from gradstudy.records import Factor
from gradstudy.response import RANKED, TIME

_ROUNDING = 1e-9  # of a number that was stored as text


def check_members(members: pd.DataFrame, factors: Sequence[Factor], response: str) -> None:
    """InputError, in a sentence, where the response, the columns or the rows are not those of one measured study."""
    if response not in RANKED:
        raise InputError(f"a response must be one of {', '.join(RANKED)}, got '{response}'.{nearest(response, RANKED)}")
    measured = "first_bad_step" if response == TIME else response
    missing = {"trial", "seed", "verdict", measured, *(factor.name for factor in factors)} - set(members.columns)
    if missing:
        raise InputError(
            f"a ranking of {response} needs the columns {sorted(missing)}, got {list(members.columns)}: rank the "
            "members of a study together with its own factors"
        )
    if members.empty:
        raise InputError(f"a ranking of {response} needs measured members, got none: run the study first")
    if response != TIME and np.isinf(members[response].to_numpy(dtype=float, na_value=np.nan)).any():
        raise InputError(f"{response} must be finite, or missing: rank rows as `member_row` makes them")
    _check_identity(members, factors)
    for factor in factors:
        if factor.is_number:
            _check_range(members[factor.name], factor)


def _check_identity(members: pd.DataFrame, factors: Sequence[Factor]) -> None:
    twice = members[members.duplicated(["trial", "seed"])]
    if len(twice):
        trial, seed = twice.iloc[0][["trial", "seed"]]
        raise InputError(
            f"every member must occur once, but trial {trial} has seed {seed} twice: these are the members of two "
            "studies, or of one read twice; rank each study by itself"
        )
    names = [factor.name for factor in factors]
    moved = members.groupby("trial")[names].nunique(dropna=False).gt(1).any()
    if moved.any():
        raise InputError(
            f"a trial must have one level of every factor, but its seeds differ in {', '.join(moved.index[moved])}: "
            "these are the members of two studies; rank each by itself"
        )


def _check_range(values: pd.Series, factor: Factor) -> None:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    room = _ROUNDING * max(abs(factor.low), abs(factor.high))
    strange = values.notna().to_numpy() & ~((numbers >= factor.low - room) & (numbers <= factor.high + room))
    if strange.any():
        raise InputError(
            f"{factor.name} must be a number from {factor.low:g} to {factor.high:g}, as in this study's space, but a "
            f"trial has {values[strange].iloc[0]}: these runs are of another space; rank them with their own factors"
        )
