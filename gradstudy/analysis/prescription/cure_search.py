"""The smallest change that makes a configuration healthy, in the eyes of the surrogate and of the stored trials.

Both must promise at least `analysis.healthy`, and one of them must be sure; else it is a guess. Measured by running
what was advised on four seeds, and data, that the study never saw. A study of an RNN (128 trials, 15 % healthy): of 50
failing trials 23 got a prescription and 21 a guess, and all of them were healthy on every seed. One of an MLP (96
trials, 24 %): of 73 failing trials 37 got a prescription, of which 84 % were healthy on every seed (94 % of the
members), and 36 a guess, of which 78 % were; the surrogate had promised 90 %. Counting healthy trials alone cured 44 %
of the RNN's.
"""

from typing import NamedTuple

import numpy as np

from gradstudy.analysis.prescription.candidates import Candidates, Moves
from gradstudy.analysis.prescription.chance import Chance
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
    """The strongest of the smallest changes of this coded point [factor] that are supported.

    Else the surest of the smallest that only the surrogate believes in, and None where it believes in nothing.
    """
    chance = experience.chance
    if chance is None or experience.unknown:
        return None
    moves, guess = Moves(experience.screen, experience.healthy, chance), None
    for candidates in moves.by_size(start, MOST_CHANGES):
        likely = _likely(experience, chance, candidates)
        supported = [cure for cure in likely if cure.supported]
        if supported:
            return max(supported, key=lambda cure: cure.strength)
        guess = guess or max(likely, key=lambda cure: cure.low, default=None)
    return guess


def _likely(experience: Experience, chance: Chance, candidates: Candidates) -> list[Cure]:
    """What the trials say of each candidate that the surrogate finds likely enough."""
    settings = experience.settings
    shortlist = np.argsort(-chance.expected(candidates.points), kind="stable")[:SHORTLIST]
    candidates = candidates.among(shortlist)
    draws = chance.draws(candidates.points, settings.draws)
    tail = (1.0 - settings.confidence) / 2
    ends = np.vstack([draws.mean(axis=0), np.quantile(draws, [tail, 1.0 - tail], axis=0)]).T
    cures = []
    for point, changed, (mean, low, high) in zip(candidates.points, candidates.changed, ends.tolist(), strict=True):
        if mean >= settings.healthy:
            support, supported = _support(experience, chance, point, changed, certain=low >= settings.healthy)
            cures.append(Cure(point, low, mean, high, support, supported))
    return cures


def _support(
    experience: Experience, chance: Chance, point: np.ndarray, changed: np.ndarray, *, certain: bool
) -> tuple[Support, bool]:
    """The trials that are like a point, of which these factors [factor] were changed; whether they speak for it."""
    settings, healthy, first = experience.settings, experience.healthy, np.flatnonzero(changed).tolist()
    order = [*first, *(column for column in chance.decisive if column not in first)]
    alike = list(kinds(experience.screen, healthy, point, order, kept=len(first), level=settings.confidence))
    support = find_support(alike, settings.healthy, usual=float(healthy.mean()), certain=certain)
    return support or most_alike(alike), support is not None
