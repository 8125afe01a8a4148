"""Data whose causes are known: what did each factor do, and what does a screen of n trials see of it?

The truth is of the response that a trial gives on average over its seeds, divergence (a member at the cap) among them,
under the measure that a ranking states: levels uniform, numbers uniform on their (log) scale, factors independent. A
conditional factor's shares are of the variance where it lives. Sums over a product grid stand for the integrals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from scipy.special import ndtr

from gradstudy.analysis.space.coordinates import INACTIVE
from gradstudy.records import Factor
from planted.row import CAP, Coded, Row
from planted.rows import ALL
from planted.screens import simulate, trials_of

ROWS = tuple(ALL)
NODES = 48
"""Middles of equal pieces per number: a straight line's variance comes out right to 1/48^2."""


@dataclass(frozen=True)
class Planted:
    """What is there to find? `truth` and `first` map every factor to its true total and first-order share.

    `trials` has one row per trial (missing where a factor does not live), `members` one per trial x seed, as
    `gradstudy.analysis.ranking.ranking.rank` takes them.
    """

    name: str
    factors: tuple[Factor, ...]
    trials: pd.DataFrame
    members: pd.DataFrame
    truth: dict[str, float]
    first: dict[str, float]
    response: str


def make(row: str, n: int, seed: int) -> Planted:
    """A screen of n trials of this row; equal arguments give equal data."""
    planted, (total, first) = ALL[row], truths(row)
    trials = trials_of(planted, n, seed)
    members = simulate(planted, trials, np.random.default_rng([*row.encode(), n, seed]))
    return Planted(row, planted.everything(), trials, members, total, first, planted.response)


@cache
def truths(row: str) -> tuple[dict[str, float], dict[str, float]]:
    """The true total and first-order shares of a row by its name: see `shares_of`."""
    return shares_of(ALL[row])


def shares_of(planted: Row) -> tuple[dict[str, float], dict[str, float]]:
    """Which share of the variance is each factor's doing: in total, and by itself?"""
    causes = [factor for factor in planted.factors if factor.name in planted.causes]
    axes = [_nodes(factor) for factor in causes]
    names = [factor.name for factor in causes]
    total, first = ({factor.name: 0.0 for factor in planted.everything()} for _ in range(2))
    for axis, name in enumerate(names):
        living = _where_alive(planted, name, axes, names)
        grid = np.meshgrid(*(nodes for nodes, _ in living), indexing="ij", sparse=True)
        values = mean_response(planted, _masked_codes(planted, dict(zip(names, grid, strict=True))))
        values = np.broadcast_to(values, [len(nodes) for nodes, _ in living])
        total[name], first[name] = grid_shares(values, [weights for _, weights in living], axis)
    return total, first


def grid_shares(values: np.ndarray, weights: Sequence[np.ndarray], axis: int) -> tuple[float, float]:
    """Total and first-order share of one axis of a product grid: E Var(f | others) and Var E(f | own), over Var f."""
    others = [other for other in range(values.ndim) if other != axis]
    mean = _average(values, weights, range(values.ndim))
    variance = _average(values**2, weights, range(values.ndim)) - mean**2
    without = _average(values, weights, [axis])
    rest = [weights[other] for other in others]
    within = variance - (_average(without**2, rest, range(without.ndim)) - mean**2)
    alone = _average(values, weights, others)
    between = float(weights[axis] @ alone**2) - mean**2
    return float(within / variance), float(between / variance)


def mean_response(row: Row, at: Coded) -> np.ndarray:
    """What does a trial give on average over its seeds?"""
    smooth = row.smooth(at)
    if row.chance is None:
        return smooth
    chance = row.chance(at)
    return chance * CAP + (1 - chance) * clipped_mean(smooth, row.spread)


def clipped_mean(centre: np.ndarray, spread: float) -> np.ndarray:
    """The mean of a normal variable that is clipped to 0..CAP."""

    def above(edge: float) -> np.ndarray:  # the mean of max(variable - edge, 0)
        z = (centre - edge) / spread
        return spread * (z * ndtr(z) + np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))

    return above(0.0) - above(CAP)


def _masked_codes(row: Row, at: Coded) -> Coded:
    alive = {name: np.isin(at[parent], codes) for name, (parent, codes) in _rules(row).items() if name in at}
    return {**at, **{name: np.where(holds, at[name], INACTIVE) for name, holds in alive.items()}}


def _where_alive(row: Row, name: str, axes: list, names: list[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    # The grid's axes [nodes, weights] with the parent of a conditional factor at the levels that it lives under.
    if name not in row.lives:
        return axes
    parent, codes = _rules(row)[name]
    kept = (np.array(codes, dtype=float), np.full(len(codes), 1 / len(codes)))
    return [kept if other == parent else axis for other, axis in zip(names, axes, strict=True)]


def _rules(row: Row) -> dict[str, tuple[str, list[int]]]:
    levels = {factor.name: factor.levels for factor in row.factors}
    return {
        name: (parent, [levels[parent].index(level) for level in chosen])
        for name, (parent, chosen) in row.lives.items()
    }


def _nodes(factor: Factor) -> tuple[np.ndarray, np.ndarray]:
    # Coded nodes and their weights; a whole number n is the middle of the piece [n, n + 1), and weighs as much.
    if factor.levels:
        return np.arange(float(len(factor.levels))), np.full(len(factor.levels), 1 / len(factor.levels))
    if not factor.integer:
        return (np.arange(NODES) + 0.5) / NODES, np.full(NODES, 1 / NODES)
    scale = np.log if factor.log else np.asarray
    whole = np.arange(factor.low, factor.high + 1)
    ends = scale(np.append(whole, factor.high + 1).astype(float))
    places = (ends - ends[0]) / (ends[-1] - ends[0])
    return (places[1:] + places[:-1]) / 2, np.diff(places)


def _average(values: np.ndarray, weights: Sequence[np.ndarray], axes: Sequence[int] | range) -> np.ndarray:
    for axis in sorted(axes, reverse=True):
        values = np.tensordot(values, weights[axis], axes=(axis, 0))
    return values
