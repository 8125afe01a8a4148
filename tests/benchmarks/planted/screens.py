"""What does a screen of a row measure? Trials of its design, and members with the noise of their seeds."""

from collections.abc import Sequence
from math import floor

import numpy as np
import pandas as pd

from gradstudy.analysis.space.coordinates import encode
from gradstudy.records import Factor
from gradstudy.search.screen.design import design
from planted.row import CAP, Row


def trials_of(row: Row, n: int, seed: int) -> pd.DataFrame:
    """The levels of n trials: a screen's design, or a person's choice where the row is tied."""
    factors = row.everything()
    drawn = tied_levels(factors, n, np.random.default_rng([n, seed])) if row.tied else design(factors, [n], seed)
    return _masked(row, pd.DataFrame(drawn))


def simulate(row: Row, trials: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """The members of these trials, each with the noise of its seed: those that diverge lie at the cap."""
    factors = row.everything()
    at = dict(zip([factor.name for factor in factors], encode(trials, factors).T, strict=True))
    shape = (len(trials), row.seeds)
    wide = 1.0 if row.scatter is None else row.scatter(at)[:, None]
    values = row.smooth(at)[:, None] + wide * row.noise(random, shape, spread=row.spread)
    diverged = np.zeros(shape, dtype=bool)
    if row.chance is not None:
        diverged = random.random(shape) < row.chance(at)[:, None]
        values = np.where(diverged, CAP, np.clip(values, 0.0, CAP))
    members = trials.assign(trial=np.arange(len(trials))).loc[trials.index.repeat(row.seeds)].reset_index(drop=True)
    verdict = np.where(diverged.ravel(), "diverged", "healthy")
    seeds = np.tile(np.arange(row.seeds), len(trials))
    return members.assign(seed=seeds, verdict=verdict, **{row.response: values.ravel()})


def tied_levels(factors: Sequence[Factor], n: int, random: np.random.Generator) -> pd.DataFrame:
    """Trials as a person would choose them: some levels rare, and choices that go together.

    In four of ten trials the optimizer decides each other choice, causes and nulls alike, and learning rates follow the
    optimizer too. No combination is ruled out.
    """
    optimizer = random.choice(3, size=n, p=[0.55, 0.30, 0.15])
    columns = {"optimizer": optimizer, "lr": random.beta(*np.array([[1.5, 1.0, 1.0], [1.0, 1.0, 1.5]])[:, optimizer])}
    for factor in factors:
        if factor.levels and factor.name not in columns:
            free = random.integers(len(factor.levels), size=n)
            columns[factor.name] = np.where(random.random(n) < 0.4, optimizer % len(factor.levels), free)
    return pd.DataFrame(
        {
            factor.name: [factor.levels[code] for code in columns[factor.name]]
            if factor.levels
            else _numbers(factor, columns.get(factor.name, random.random(n)))
            for factor in factors
        }
    )


def _masked(row: Row, drawn: pd.DataFrame) -> pd.DataFrame:
    lives = {name: drawn[parent].isin(levels) for name, (parent, levels) in row.lives.items()}
    return drawn.assign(**{name: drawn[name].where(alive) for name, alive in lives.items()})


def _numbers(factor: Factor, shares: np.ndarray) -> list[float]:
    high = factor.high + factor.integer
    values = factor.low * (high / factor.low) ** shares if factor.log else factor.low + shares * (high - factor.low)
    return [floor(value) for value in values] if factor.integer else values.tolist()
