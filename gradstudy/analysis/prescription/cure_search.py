"""The smallest change that makes a configuration healthy, in the eyes of the surrogate and of the stored trials.

Both must promise at least `analysis.healthy`, and one of them must be sure; else it is a guess. Measured by running
what was advised on four seeds, and data, that the study never saw. A study of an RNN (128 trials, 15 % healthy): of 50
failing trials 23 got a prescription and 21 a guess, and all of them were healthy on every seed. One of an MLP (96
trials, 24 %): of 73 failing trials 37 got a prescription, of which 84 % were healthy on every seed (94 % of the
members), and 36 a guess, of which 78 % were; the surrogate had promised 90 %. Counting healthy trials alone cured 44 %
of the RNN's.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gradstudy.analysis.prescription.candidates import Candidates, Moves
from gradstudy.analysis.prescription.experience import Experience
from gradstudy.analysis.prescription.neighbours import Support, find_support, kinds, most_alike
from gradstudy.conclusions import MOST_CHANGES

SHORTLIST = 200
"""Candidates of one size that are looked at closely, the most promising by the surrogates' means."""


class Cure(NamedTuple):
    """A coded point [factor] and its chance of being healthy, with an interval.

    `support` are the trials that are like it, and `supported` says whether they bear the chance out.
    """

    point: np.ndarray
    low: float
    chance: float
    high: float
    support: Support
    supported: bool

    @property
    def strength(self) -> tuple[float, float]:
        """The weaker of the two views decides between candidates of equal size, then the surrogate's."""
        return min(self.low, self.support.low), self.chance


def smallest_cure(experience: Experience, start: np.ndarray) -> Cure | None:
    """What is to be changed in this coded point [factor]? The strongest of the smallest changes that are supported.

    Else the surest of the smallest that only the surrogate believes in, and None where it believes in nothing.
    """
    if experience.unknown:
        return None
    moves, guess = Moves(experience.screen, experience.healthy, experience.chance), None
    for candidates in moves.by_size(start, MOST_CHANGES):
        likely = _likely(experience, candidates)
        supported = [cure for cure in likely if cure.supported]
        if supported:
            return max(supported, key=lambda cure: cure.strength)
        guess = guess or max(likely, key=lambda cure: cure.low, default=None)
    return guess


def _likely(experience: Experience, candidates: Candidates) -> list[Cure]:
    settings, chance = experience.settings, experience.chance
    shortlist = np.argsort(-chance.expected(candidates.points), kind="stable")[:SHORTLIST]
    candidates = candidates.among(shortlist)
    draws = chance.draws(candidates.points, settings.draws)
    mean, tail = draws.mean(axis=0), (1.0 - settings.confidence) / 2
    low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0)
    likely = np.flatnonzero(mean >= settings.healthy).tolist()
    ends = np.column_stack([low, mean, high])
    return [_judged(experience, candidates, which, ends[which].tolist()) for which in likely]


def _judged(experience: Experience, candidates: Candidates, which: int, chance: Sequence[float]) -> Cure:
    """What do the trials say of a candidate that the surrogate gives this chance: low, most likely, high?"""
    settings, healthy = experience.settings, experience.healthy
    point, changed = candidates.points[which], np.flatnonzero(candidates.changed[which]).tolist()
    order = [*changed, *(column for column in experience.chance.decisive if column not in changed)]
    about = {"kept": len(changed), "level": settings.confidence}
    alike = list(kinds(experience.screen, healthy, point, order, **about))
    certain = chance[0] >= settings.healthy
    support = find_support(alike, settings.healthy, usual=float(healthy.mean()), certain=certain)
    return Cure(point, *chance, support or most_alike(alike), supported=support is not None)
