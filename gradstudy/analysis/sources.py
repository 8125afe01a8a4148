"""Whose doing is the variance? Shares for every factor that can be ranked, jointly where possible."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gradstudy.analysis.kernel import columns
from gradstudy.analysis.shares import pair_shares, total_shares, whole_batches
from gradstudy.analysis.space import INACTIVE, infer_space
from gradstudy.analysis.surrogate import fit_surrogate
from gradstudy.records import Factor

FEWEST_TRIALS = 8
"""Below this, an interval says nothing but the prior."""


@dataclass(frozen=True)
class Shares:
    """Which shares could be true? `draws` is [draw, factor] over `names`; second-order `pairs`; the surrogate's Q2."""

    names: tuple[str, ...]
    draws: np.ndarray
    pairs: pd.DataFrame
    fit: float


def attribute(points: np.ndarray, values: np.ndarray, factors: Sequence[Factor], *, draws: int, seed: int) -> Shares:
    """Which share of the variance of `values` [trial] is each factor's doing? Coded points [trial, factor].

    Factors that never varied, or live in too few trials, are left out; nothing is left of a constant response. A
    conditional factor whose life no level decides is ranked on a surrogate of the trials in which it lives.
    """
    ranked = _rankable(points, values)
    rules = infer_space(points, factors).rules
    partial = [column for column in ranked if column not in rules and not _lives(points[:, column]).all()]
    together = [column for column in ranked if column not in partial]
    joint = _joint(points, values, factors, together, draws=draws, seed=seed)
    apart = {
        factors[column].name: _apart(points, values, factors, column, draws=draws, seed=seed) for column in partial
    }
    apart = {name: found for name, found in apart.items() if found is not None}
    return Shares((*joint.names, *apart), np.column_stack([joint.draws, *apart.values()]), joint.pairs, joint.fit)


def is_constant(values: np.ndarray) -> bool:
    """Are these the same but for rounding (of a mean over seeds)?"""
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max())


def _joint(
    points: np.ndarray,
    values: np.ndarray,
    factors: Sequence[Factor],
    together: Sequence[int],
    *,
    draws: int,
    seed: int,
) -> Shares:
    if not together:
        pairs = pd.DataFrame(columns=["factor_a", "factor_b", "share"])
        return Shares((), np.empty((whole_batches(draws), 0)), pairs, float("nan"))
    points, chosen = points[:, together], [factors[column] for column in together]
    space = infer_space(points, chosen)
    smooth = np.append(space.smooth, np.zeros(len(space.conditional_numbers), dtype=bool))
    surrogate = fit_surrogate(columns(points, space.conditional_numbers), values, smooth, seed)
    found = total_shares(surrogate, space, draws=draws, seed=seed)
    pairs = pair_shares(surrogate, space, seed=seed)
    return Shares(tuple(factor.name for factor in chosen), found, pairs, surrogate.fit)


def _apart(
    points: np.ndarray, values: np.ndarray, factors: Sequence[Factor], column: int, *, draws: int, seed: int
) -> np.ndarray | None:
    # Shares [draw] of one factor among the trials in which it lives, beside the factors that live in all of those.
    lives = _lives(points[:, column])
    points, values = points[lives], values[lives]
    complete = [other for other in _rankable(points, values) if _lives(points[:, other]).all()]
    if column not in complete:
        return None
    return _joint(points, values, factors, complete, draws=draws, seed=seed).draws[:, complete.index(column)]


def _rankable(points: np.ndarray, values: np.ndarray) -> list[int]:
    if len(values) < FEWEST_TRIALS or is_constant(values):
        return []
    living = [column[_lives(column)] for column in points.T]
    return [which for which, column in enumerate(living) if len(column) >= FEWEST_TRIALS and np.ptp(column) > 0.0]


def _lives(column: np.ndarray) -> np.ndarray:
    return column != INACTIVE
