"""What came out of every trial: what is ranked, what is shown, and how much of it is mere seed noise."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gradstudy.analysis.ranking.survival import lasted, log_rank_scores
from gradstudy.analysis.space.replicates import Replicates, replicates_of
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


@dataclass(frozen=True)
class TrialOutcomes:
    """One response of all trials of a screen.

    `trials` has one row per trial; `ranked` [trial] is what is attributed and tested, `shown` [trial] what is told in
    the response's unit: the same means over seeds, but of a time, which is ranked by its log-rank scores and told in
    steps. `diverged` [trial] counts members. `row` [member] is the trial's row that a member belongs to, `ends`
    [member] the step at which it diverged, inf where it never did. `noise` is `seed_noise` of what is ranked, and
    `repeats` what else its seeds say.
    """

    trials: pd.DataFrame
    ranked: np.ndarray
    shown: np.ndarray
    diverged: np.ndarray
    row: np.ndarray
    ends: np.ndarray
    noise: float
    repeats: Replicates


def known_members(members: pd.DataFrame, response: str) -> pd.DataFrame:
    """The members of the trials whose response is known at every seed; an older version may not have measured it."""
    if response == TIME:
        return members
    unknown = members.reindex(columns=[response])[response].isna()
    return members[~members["trial"].isin(members.loc[unknown, "trial"])]


def trial_outcomes(members: pd.DataFrame, response: str, steps: int | None) -> TrialOutcomes:
    """What these members say, trial by trial, in the order of trials and seeds, whatever order they come in.

    Of the trials whose response is known: see `known_members`.
    """
    members = known_members(members, response).sort_values(["trial", "seed"], kind="stable")
    shown, ranked, ends = _measured(members, response, steps)
    table = pd.DataFrame({"trial": members["trial"].to_numpy(), "shown": shown, "ranked": ranked})
    means = table.groupby("trial").mean()
    bad = (members["verdict"] == "diverged").to_numpy()
    row = means.index.get_indexer(pd.Index(table["trial"]))
    return TrialOutcomes(
        trials=members.drop_duplicates("trial"),
        ranked=means["ranked"].to_numpy(),
        shown=means["shown"].to_numpy(),
        diverged=np.bincount(row, weights=bad),
        row=row,
        ends=ends,
        noise=seed_noise(table, "ranked"),
        repeats=replicates_of(ranked, row, bad),
    )


def seed_noise(members: pd.DataFrame, response: str) -> float:
    """The share of the variance of trial means that is seed noise: from 0 to 1, nan without replicates or variance."""
    groups = members.groupby("trial")[response]
    sizes, spreads = groups.size(), groups.var(ddof=1)
    freedom = (sizes - 1).sum()
    between = groups.mean().var(ddof=1)
    if not (freedom > 0 and between > 0.0):
        return float("nan")
    within = ((sizes - 1) * spreads).sum() / freedom
    return float(min(1.0, within * (1.0 / sizes).mean() / between))


def _measured(members: pd.DataFrame, response: str, steps: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is shown, what is ranked, and the step of divergence: three times [member]."""
    if response != TIME:
        values = members[response].to_numpy(dtype=float)
        return values, values, np.full(len(values), np.inf)
    bad = members["first_bad_step"].to_numpy(dtype=float, na_value=np.inf)
    times = lasted(bad, steps)
    return times, log_rank_scores(times, np.isfinite(bad)), bad
