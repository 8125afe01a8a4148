"""What each level of a factor does to a response, against a reference level."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import scipy

from gradstudy.analysis.space.coordinates import INACTIVE, CodedTrials
from gradstudy.records import DUMMY, Factor, level_name

LEVEL_COLUMNS = ["factor", "level", "reference", "trials", "diverged", "mean", "effect", "effect_low", "effect_high"]
_NOWHERE = int(INACTIVE)
_ROUNDING = 1e-9  # a whole number may lie exactly on the bound of a third


@dataclass(frozen=True)
class Cut:
    """The groups into which a factor divides trials: `names` [group]; `codes` [trial], -1 where it does not live.

    The groups of a number are the thirds of its (log) range, named by their bounds: `0.1 to 0.46`.
    """

    names: tuple[str, ...]
    codes: np.ndarray

    def counts(self, weights: np.ndarray | None = None) -> np.ndarray:
        """How many trials, or how much of what is given per trial, fall into each group: [group]."""
        lives = self.codes != _NOWHERE
        given = None if weights is None else weights[lives]
        return np.bincount(self.codes[lives], weights=given, minlength=len(self.names))


def cut(factor: Factor, coordinates: np.ndarray) -> Cut:
    """The groups into which this factor divides trials with these coordinates [trial]."""
    if not factor.is_number:
        return Cut(tuple(map(level_name, factor.levels)), coordinates.astype(int))
    third = np.minimum(np.floor(3 * coordinates + _ROUNDING), 2).astype(int)
    return Cut(_whole_thirds(factor) if factor.integer else _thirds(factor), np.maximum(third, _NOWHERE))


def level_table(screen: CodedTrials, diverged: np.ndarray, confidence: float) -> pd.DataFrame:
    """How large the response is at every level, and by how much that differs from the reference level's.

    `values` of the screen and `diverged` members, both [trial]. A row per level, in the study's order: `reference`
    marks the first level that occurs (of a number: the lowest third), `mean` is over the trials in which the factor has
    it, `effect` the difference from the reference's mean with Welch's interval over trials (seeds are not independent).
    What cannot be known is missing: the mean of a level that does not occur, the interval of a level with one trial, or
    where nothing scatters. Source: Welch 1947.
    """
    columns = zip(screen.factors, screen.points.T, strict=True)
    tables = [
        _of_factor(factor, column, screen.values, diverged, confidence)
        for factor, column in columns
        if factor.name != DUMMY.name
    ]
    return pd.concat(tables, ignore_index=True)[LEVEL_COLUMNS]


def _of_factor(
    factor: Factor, coordinates: np.ndarray, values: np.ndarray, diverged: np.ndarray, confidence: float
) -> pd.DataFrame:
    groups = cut(factor, coordinates)
    trials = groups.counts()
    reference = int(np.argmax(trials > 0))
    table = {"trials": trials, "diverged": groups.counts(diverged).astype(int)}
    table |= against(groups, values, reference, confidence)
    named = {"factor": factor.name, "level": groups.names, "reference": np.arange(len(trials)) == reference}
    return pd.DataFrame({**named, **table})[[bool(name) for name in groups.names]]


@np.errstate(invalid="ignore", divide="ignore")
def against(groups: Cut, values: np.ndarray, reference: int, confidence: float) -> dict[str, np.ndarray]:
    """The groups' means, their differences from that of the group `reference`, and the ends of these: each [group]."""
    count = groups.counts()
    mean = groups.counts(values) / count
    scatter = np.where(groups.codes == _NOWHERE, 0.0, values - mean[groups.codes])
    variance = groups.counts(scatter**2) / (count - 1.0)
    rounding = 1e-12 * np.abs(values).max(initial=0.0)
    variance[variance <= rounding**2] = 0.0  # what a mean over equal seeds leaves
    error = variance / count
    together = error + error[reference]
    freedom = together**2 / (error**2 / (count - 1) + error[reference] ** 2 / (count[reference] - 1))
    known = (np.minimum(count, count[reference]) > 1) & (np.arange(len(count)) != reference)
    # nan where nothing scatters: the freedom is 0 / 0
    half = np.where(known, scipy.stats.t.ppf((1 + confidence) / 2, freedom) * np.sqrt(together), np.nan)
    effect = mean - mean[reference]
    return {"mean": mean, "effect": effect, "effect_low": effect - half, "effect_high": effect + half}


def _bounds(factor: Factor) -> np.ndarray:
    return (np.geomspace if factor.log else np.linspace)(*factor.span, 4)


def _thirds(factor: Factor) -> tuple[str, ...]:
    # As few digits as tell the bounds apart and leave the ends of the range as the study has them.
    bounds = _bounds(factor)
    shown: list[str] = []
    for digits in range(2, 16):
        shown = [f"{float(f'{bound:.{digits}g}'):g}" if digits < 6 else f"{bound:.{digits}g}" for bound in bounds]
        if len(set(shown)) == 4 and np.allclose([float(shown[0]), float(shown[3])], bounds[[0, 3]], rtol=1e-6, atol=0):
            break
    return tuple(f"{low} to {high}" for low, high in pairwise(shown))


def _whole_thirds(factor: Factor) -> tuple[str, ...]:
    # From the first whole number n whose piece has its middle in the third: sqrt(n(n + 1)) or n + 1/2, by the scale.
    # A third without any has no name.
    bounds = _bounds(factor)[:3]
    firsts = np.ceil((np.sqrt(bounds**2 + 0.25) if factor.log else bounds) - 0.5 - _ROUNDING).astype(int)
    firsts[0] = factor.low
    lasts = [*(firsts[1:] - 1), int(factor.high)]
    pairs = zip(firsts.tolist(), map(int, lasts), strict=True)
    return tuple("" if last < first else str(first) if last == first else f"{first} to {last}" for first, last in pairs)
