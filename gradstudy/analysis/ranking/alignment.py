"""Factors that were not assigned independently: two that go hand in hand, or one with the product of two others.

In a screen's own design neither is so. It may be in trials that were lost in part, or chosen by a person; and in
screens of older versions, whose columns were even in pairs and in line in threes.
"""

from itertools import combinations

import numpy as np
import scipy

from gradstudy.aliasing import Tie, contrasts, tie, ties_to_two
from gradstudy.analysis.ranking.significance import parts_of
from gradstudy.analysis.space.coordinates import CodedTrials

LEVEL, STRONG = 0.05, 0.3
"""Factors go together when chance rarely ties them so much, over all that are looked at (Bonferroni), and when the tie
is a strong one: a dozen columns of a low-discrepancy design have weak ones, which do not mislead a test."""


def confounded(screen: CodedTrials) -> np.ndarray:
    """Whether each factor goes hand in hand with another one: [factor] of bool.

    In the trials in which both live. Parts of a number's range count as levels, so that any shape of a tie is seen.
    """
    columns = zip(screen.factors, screen.points.T, strict=True)
    parts = [parts_of(column) if factor.is_number else column for factor, column in columns]
    pairs = list(combinations(range(len(parts)), 2))
    tied = np.zeros(len(parts), dtype=bool)
    for pair in pairs:
        both = screen.lives[:, pair].all(axis=1)
        if _misleads(tie(*(contrasts(parts[which][both], is_number=False) for which in pair)), len(pairs)):
            tied[list(pair)] = True
    return tied


def triples_in_line(screen: CodedTrials) -> tuple[tuple[str, ...], ...]:
    """The names of factors of which one goes with what the two others do only together, the strongest tie first.

    That then looks like the doing of the one, to a test and to a surrogate.
    """
    names, strongest = [factor.name for factor in screen.factors], dict[tuple[int, ...], Tie]()
    for three, found in ties_to_two(screen.points, screen.lives, [factor.is_number for factor in screen.factors]):
        known = strongest.get(key := tuple(sorted(three)), found)
        strongest[key] = max(known, found, key=lambda one: one.strength)
    told = [
        (found.strength, tuple(names[which] for which in three))
        for three, found in strongest.items()
        if _misleads(found, len(strongest))
    ]
    return tuple(three for _, three in sorted(told, reverse=True))


def _misleads(found: Tie, looks: int) -> bool:
    """Whether a tie is a strong one, and so many looks would rarely see as much by chance."""
    return found.strength >= STRONG and scipy.stats.chi2.sf(found.trials * found.shared, found.freedom) < LEVEL / looks
