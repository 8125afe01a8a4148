"""Tests beside the ranking that know nothing of its surrogate, on trial means: ranks only, so ties and caps are safe.

They look at one factor at a time: a factor that acts only through an interaction passes them unseen.
"""

from dataclasses import dataclass

import numpy as np
import scipy

from gradstudy.analysis.space.coordinates import INACTIVE
from gradstudy.analysis.space.replicates import is_constant

PERMUTATIONS, BATCH = 2000, 200
DECIDED = 100
"""Permutations that set means as far apart, after which no more are made: p is above .05 whatever the others do, and
known to a tenth of itself (Besag & Clifford 1991)."""
PARTS = 5
"""A number's range is cut into so many parts to see any shape of its effect."""


@dataclass(frozen=True)
class Significance:
    """The test that was made, and how often chance alone would give as much: `p`, nan where nothing could be tested."""

    test: str
    p: float


def factor_significance(coordinates: np.ndarray, values: np.ndarray, *, is_number: bool) -> Significance:
    """The test of a factor's effect on the response, both [trial], over the trials in which the factor lives."""
    lives = coordinates != INACTIVE
    return (number_significance if is_number else level_significance)(coordinates[lives], values[lives])


def level_significance(codes: np.ndarray, values: np.ndarray) -> Significance:
    """Whether levels differ, in rank (Kruskal-Wallis) or in their means. Level codes [trial] and values [trial].

    The smaller of the two p-values, doubled for having looked twice. Source: Kruskal & Wallis 1952.
    """
    groups = [values[codes == code] for code in np.unique(codes)]
    if len(groups) < 2 or is_constant(values):
        return Significance("Kruskal-Wallis", np.nan)
    p = {"Kruskal-Wallis": float(scipy.stats.kruskal(*groups).pvalue), "means": _means_apart(groups)}
    test = min(p, key=lambda name: p[name])
    return Significance(test, min(1.0, 2.0 * p[test]))


def _means_apart(groups: list[np.ndarray]) -> float:
    """How often a random division into groups of these sizes sets their means as far apart.

    Ranks miss what a minority of large values does: a level that lets one network in four explode.
    """
    values, bounds = np.concatenate(groups), np.cumsum([len(group) for group in groups])[:-1]
    random, observed = np.random.default_rng(0), np.ptp([group.mean() for group in groups])
    as_far, made = 0, 0
    while made < PERMUTATIONS and as_far < DECIDED:  # in batches: all at once would be 160 MB for 10,000 trials
        shuffled = random.permuted(np.tile(values, (BATCH, 1)), axis=1)
        means = [part.mean(axis=1) for part in np.split(shuffled, bounds, axis=1)]
        as_far, made = as_far + int((np.ptp(means, axis=0) >= observed).sum()), made + BATCH
    return (1 + as_far) / (1 + made)


def number_significance(coordinates: np.ndarray, values: np.ndarray) -> Significance:
    """Whether values follow a number, up or down (Spearman), or differ between fifths of its range (any shape).

    The smaller of the two p-values, doubled for having looked twice. Not Chatterjee's xi: it follows the order of the
    trials so closely that in a low-discrepancy design it sees the other factors there, and gave a false alarm for a
    null factor in up to 40 % of screens of 256 trials. Sources: Spearman 1904; Kruskal & Wallis 1952.
    """
    if len(values) < 3 or is_constant(values) or np.ptp(coordinates) == 0.0:
        return Significance("Spearman", np.nan)
    part = parts_of(coordinates)
    groups = [values[part == which] for which in np.unique(part)]
    p = {"Spearman": scipy.stats.spearmanr(coordinates, values).pvalue}
    if len(groups) > 1:
        p["Kruskal-Wallis"] = scipy.stats.kruskal(*groups).pvalue
    test = min(p, key=lambda name: p[name])
    return Significance(test, min(1.0, len(p) * float(p[test])))


def parts_of(coordinates: np.ndarray) -> np.ndarray:
    """The fifth of its range in which each of these coordinates of a number is."""
    return np.asarray(np.minimum((coordinates * PARTS).astype(int), PARTS - 1))


def control_false_discoveries(p: np.ndarray) -> np.ndarray:
    """The p-values after false-discovery control (Benjamini-Hochberg); nan stays nan and is not counted."""
    controlled, tested = np.full(len(p), np.nan), np.isfinite(p)
    if tested.any():
        controlled[tested] = scipy.stats.false_discovery_control(p[tested])
    return controlled
