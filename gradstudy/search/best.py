"""The trials of a study that are best, or worst, in what was hunted for."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd

from gradstudy.errors import InputError
from gradstudy.records import MemberRows, trial_outcome, trial_verdict
from gradstudy.search.objective import Objective


def best_trials(
    members: pd.DataFrame,
    factors: Sequence[str],
    objectives: Sequence[Objective],
    *,
    well: "pd.Series[bool]",
    seeds: int,
    count: int,
) -> pd.DataFrame:
    """The trials that came closest to the goal, best first: trial, what counted (mean over seeds), verdict, levels.

    `members` has one row per trial x seed, and `well` says which of them do well; a trial that was stopped before its
    last seed is left out. Where the healthiest are wanted, those of which every member does well go before all others:
    gradients that are healthy in a network that learned nothing are no use. For several objectives only trials that no
    other one (of these) beats in everything are listed (the Pareto front), those first whose worst objective is best,
    each objective measured from the best to the worst that was seen. Of equal ones those come first of whose members
    more do well, or fewer where the worst are wanted. InputError for a count below 1.
    """
    if count < 1:
        raise InputError(f"best(count) lists at least 1 trial, got {count}.")
    whole = members[members.groupby("trial")["trial"].transform("size") >= seeds]
    grouped = whole.groupby("trial")
    rows = [cast(MemberRows, own.to_dict("records")) for _, own in grouped]  # whose columns are all named by text
    counted = pd.DataFrame({one.name: list(map(one.mean, rows)) for one in objectives}, index=list(grouped.groups))
    verdict, outcome = grouped["verdict"].agg(trial_verdict), grouped["outcome"].agg(trial_outcome)
    diverged = grouped["verdict"].agg(lambda verdicts: int((verdicts == "diverged").sum())).rename("n_diverged")
    table = pd.concat([counted, verdict, outcome, diverged, grouped[list(factors)].first()], axis=1)
    table = table.rename_axis("trial").reset_index()
    doing_well = well[whole.index].groupby(whole["trial"]).mean().to_numpy(float)
    order = _best_first(table[list(counted)].to_numpy(float), doing_well, objectives)
    return table.iloc[order[:count]].reset_index(drop=True)


def costs(values: np.ndarray, objectives: Sequence[Objective]) -> np.ndarray:
    """The distance of each trial from the best seen, in its worst objective: [trial, objective] -> [trial], 0 to 1."""
    wanted = values * [objective.sign for objective in objectives]
    span = np.ptp(wanted, axis=0)
    return np.asarray(((wanted - wanted.min(axis=0)) / np.where(span > 0.0, span, 1.0)).max(axis=1))


def on_front(values: np.ndarray, objectives: Sequence[Objective]) -> np.ndarray:
    """Whether no other trial beats it, being nowhere worse and somewhere better: [trial, objective] -> [trial]."""
    wanted = values * [objective.sign for objective in objectives]
    return np.array([not ((wanted <= own).all(axis=1) & (wanted < own).any(axis=1)).any() for own in wanted], bool)


def _best_first(values: np.ndarray, doing_well: np.ndarray, objectives: Sequence[Objective]) -> np.ndarray:
    """The indices of the trials to list, of their values [trial, objective] and shares of members that do well."""
    healthiest = objectives[0].goal == "healthiest"
    behind = (doing_well < 1.0) & (doing_well == 1.0).any() & healthiest
    listed = np.arange(len(values))
    if len(objectives) > 1:
        listed = listed[~behind][on_front(values[~behind], objectives)]
    if not len(listed):
        return listed
    ties = -doing_well if healthiest else doing_well
    return listed[np.lexsort((ties[listed], costs(values, objectives)[listed], behind[listed]))]
