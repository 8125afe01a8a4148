"""Tests beside the ranking that know nothing of its surrogate, on trial means: ranks only, so ties and caps are safe.

They look at one factor at a time: a factor that acts only through an interaction passes them unseen.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import stats

from gradstudy.analysis.space import INACTIVE


@dataclass(frozen=True)
class Test:
    """Which test was made, and how often would chance alone give as much? `p` is nan where there was nothing to test."""

    name: str
    p: float


def test_factor(coordinates: np.ndarray, values: np.ndarray, *, is_number: bool) -> Test:
    """Does the response depend on this factor? Both [trial]; trials in which the factor does not live are left out."""
    lives = coordinates != INACTIVE
    return (test_number if is_number else test_levels)(coordinates[lives], values[lives])


def test_levels(codes: np.ndarray, values: np.ndarray) -> Test:
    """Do the levels differ? Kruskal-Wallis on level codes [trial] and values [trial]."""
    groups = [values[codes == code] for code in np.unique(codes)]
    if len(groups) < 2 or np.ptp(values) == 0.0:
        return Test("Kruskal-Wallis", np.nan)
    return Test("Kruskal-Wallis", float(stats.kruskal(*groups).pvalue))


def test_number(coordinates: np.ndarray, values: np.ndarray) -> Test:
    """Does the response follow this number, up, down (Spearman) or in any shape (Chatterjee's xi)?

    The smaller of the two p-values, doubled for having looked twice.
    """
    if len(values) < 3 or np.ptp(values) == 0.0 or np.ptp(coordinates) == 0.0:
        return Test("Spearman", np.nan)
    order = np.argsort(coordinates, kind="stable")
    coordinates, values = coordinates[order], values[order]
    both = {
        "Spearman": float(stats.spearmanr(coordinates, values).pvalue),
        "xi": float(_xi_p(coordinates, values)),
    }
    name = min(both, key=lambda test: both[test])
    return Test(name, min(1.0, 2.0 * both[name]))


def control_false_discoveries(p: np.ndarray) -> np.ndarray:
    """Which p-values remain after looking at so many factors? Benjamini-Hochberg; nan stays nan and is not counted."""
    controlled, tested = np.full(len(p), np.nan), np.isfinite(p)
    if tested.any():
        controlled[tested] = stats.false_discovery_control(p[tested])
    return controlled
