"""Whose doing is the variance? Shares for every factor that can be ranked, jointly where possible."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gradstudy.analysis.kernel import columns
from gradstudy.analysis.shares import pair_shares, total_shares, whole_batches
from gradstudy.analysis.space import INACTIVE, Screen, infer_space
from gradstudy.analysis.surrogate import fit_surrogate

FEWEST_TRIALS = 8
"""Below this, an interval says nothing but the prior."""


@dataclass(frozen=True)
class Shares:
    """Which shares could be true? Draws [draw, factor] over `names`; second-order `pairs`; the surrogate's Q2.

    `draws` are shares of the variance where a factor lives, `effects` of the variance everywhere.
    """

    names: tuple[str, ...]
    draws: np.ndarray
    effects: np.ndarray
    pairs: pd.DataFrame
    fit: float


def attribute(screen: Screen, *, draws: int, seed: int) -> Shares:
    """Which share of the variance of the screen's values is each factor's doing?

    Factors that never varied, or live in too few trials, are left out; nothing is left of a constant response. A
    conditional factor whose life no level decides is ranked on a surrogate of the trials in which it lives.
    """
    ranked = _rankable(screen)
    rules, always = infer_space(screen).rules, screen.lives.all(axis=0)
    partial = [column for column in ranked if column not in rules and not always[column]]
    joint = _joint(screen.only([column for column in ranked if column not in partial]), draws=draws, seed=seed)
    apart = {screen.factors[column].name: _apart(screen, column, draws=draws, seed=seed) for column in partial}
    apart = {name: found for name, found in apart.items() if found is not None}
    names = (*joint.names, *apart)
    found = np.column_stack([joint.draws, *(draws for draws, _ in apart.values())])
    effects = np.column_stack([joint.effects, *(effects for _, effects in apart.values())])
    return Shares(names, found, effects, joint.pairs, joint.fit)


def is_constant(values: np.ndarray) -> bool:
    """Are these the same but for rounding (of a mean over seeds)?"""
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max())


def _joint(screen: Screen, *, draws: int, seed: int) -> Shares:
    if not screen.factors:
        pairs = pd.DataFrame(columns=["factor_a", "factor_b", "share"])
        nothing = np.empty((whole_batches(draws), 0))
        return Shares((), nothing, nothing, pairs, float("nan"))
    space = infer_space(screen)
    smooth = np.append(space.smooth, np.zeros(len(space.conditional_numbers), dtype=bool))
    surrogate = fit_surrogate(columns(screen.points, space.conditional_numbers), screen.values, smooth, seed)
    found, effects = total_shares(surrogate, space, draws=draws, seed=seed)
    pairs = pair_shares(surrogate, space, seed=seed)
    return Shares(tuple(factor.name for factor in screen.factors), found, effects, pairs, surrogate.fit)


def _apart(screen: Screen, column: int, *, draws: int, seed: int) -> tuple[np.ndarray, np.ndarray] | None:
    # Shares and effects [draw] of one factor among the trials in which it lives, beside what lives in all of those.
    support = screen.among(screen.lives[:, column])
    complete = [other for other in _rankable(support) if support.lives[:, other].all()]
    if column not in complete:
        return None
    share = _joint(support.only(complete), draws=draws, seed=seed).draws[:, complete.index(column)]
    return share, share * support.values.var() / screen.values.var()


def _rankable(screen: Screen) -> list[int]:
    if len(screen.values) < FEWEST_TRIALS or is_constant(screen.values):
        return []
    living = [column[column != INACTIVE] for column in screen.points.T]
    return [which for which, column in enumerate(living) if len(column) >= FEWEST_TRIALS and np.ptp(column) > 0.0]
