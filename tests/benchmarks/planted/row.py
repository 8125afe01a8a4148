"""What is planted in a row of the benchmark: a response of coded factors, and the noise that hides it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from gradstudy.records import DUMMY, Factor

Coded = Mapping[str, np.ndarray]
"""Factors as coordinates: a number runs over 0..1 on its (log) scale, a level is its index, -1 does not live."""
CAP = 10.0
"""Where a diverged member lies: decades."""


def normal(random: np.random.Generator, shape: tuple[int, ...], *, spread: float) -> np.ndarray:
    """Gaussian noise of the seeds."""
    return spread * random.normal(size=shape)


def heavy(random: np.random.Generator, shape: tuple[int, ...], *, spread: float) -> np.ndarray:
    """Student's t with 2.5 degrees of freedom: its variance is five times its squared spread, its kurtosis infinite."""
    return spread * random.standard_t(2.5, size=shape)


def skewed(random: np.random.Generator, shape: tuple[int, ...], *, spread: float) -> np.ndarray:
    """Lognormal noise about its mean: most seeds a little low, a few very high."""
    return spread * (random.lognormal(0.0, 1.2, size=shape) - np.exp(1.2**2 / 2))


@dataclass(frozen=True)
class Row:
    """What is planted? `smooth` of the coded `causes` is what a member that does not diverge gives on average.

    `scatter` widens the noise of a trial's seeds, for a factor that does just that.
    `chance` is a member's chance of divergence, which puts it at the cap (rows that have it are clipped to 0..cap).
    `lives` maps a conditional factor to its parent and the parent's levels. `tied` says that the trials are drawn with
    unequal, correlated levels, where every other row has the design of a screen.
    """

    factors: tuple[Factor, ...]
    causes: tuple[str, ...]
    smooth: Callable[[Coded], np.ndarray]
    noise: Callable[..., np.ndarray] = normal
    spread: float = 0.6
    seeds: int = 3
    scatter: Callable[[Coded], np.ndarray] | None = None
    chance: Callable[[Coded], np.ndarray] | None = None
    lives: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    tied: bool = False

    @property
    def response(self) -> str:
        return "exploding" if self.chance else "gain"

    def everything(self) -> tuple[Factor, ...]:
        return (*self.factors, DUMMY)
