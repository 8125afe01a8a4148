"""From a configuration that fails: the smallest change of levels that the stored trials say makes it healthy.

Two views must agree, since each is blind where the other sees: the surrogate's chance for this very point, and the
count of healthy trials among those that are like it. What only one of them promises is a guess.

Measured by running what was advised on four seeds, and data, that the study never saw. A study of an RNN (128 trials,
15 % healthy): of 50 failing trials 23 got a prescription and 21 a guess, and all of them were healthy on every seed.
One of an MLP (96 trials, 24 %): of 73 failing trials 37 got a prescription, of which 84 % were healthy on every seed
(94 % of the members), and 36 a guess, of which 78 % were; the surrogate had promised 90 %. Counting healthy trials
alone cured 44 % of the RNN's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from gradstudy.analysis.prescription.candidates import Candidates, Moves, level_at
from gradstudy.analysis.prescription.chance import Chance
from gradstudy.analysis.prescription.experience import Experience, StartingPoint
from gradstudy.analysis.prescription.neighbours import Support, find_support, kinds, most_alike, nearest_healthy
from gradstudy.analysis.space.coordinates import INACTIVE
from gradstudy.conclusions import MOST_CHANGES, Changes, NoCure
from gradstudy.records import DUMMY, HEALTHY, Level

SHORTLIST = 200
"""Candidates of one size that are looked at closely, the most promising by the surrogates' means."""


class Promise(NamedTuple):
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


def strongest_promise(experience: Experience, start: np.ndarray) -> Promise | None:
    """The strongest of the smallest changes of this coded point [factor] that are supported.

    Else the surest of the smallest that only the surrogate believes in, and None where it believes in nothing.
    """
    chance = experience.chance
    if chance is None or experience.unknown:
        return None
    moves, guess = Moves(experience.screen, experience.well, chance), None
    for candidates in moves.by_size(start, MOST_CHANGES):
        likely = _likely(experience, chance, candidates)
        supported = [promise for promise in likely if promise.supported]
        if supported:
            return max(supported, key=lambda promise: promise.strength)
        guess = guess or max(likely, key=lambda promise: promise.low, default=None)
    return guess


def _likely(experience: Experience, chance: Chance, candidates: Candidates) -> list[Promise]:
    """What the trials say of each candidate that the surrogate finds likely enough."""
    settings = experience.settings
    shortlist = np.argsort(-chance.expected(candidates.points), kind="stable")[:SHORTLIST]
    candidates = candidates.among(shortlist)
    draws = chance.draws(candidates.points, settings.draws)
    tail = (1.0 - settings.confidence) / 2
    ends = np.vstack([draws.mean(axis=0), np.quantile(draws, [tail, 1.0 - tail], axis=0)]).T
    promises = []
    for point, changed, (mean, low, high) in zip(candidates.points, candidates.changed, ends.tolist(), strict=True):
        if mean >= settings.healthy:
            support, supported = _support(experience, chance, point, changed, certain=low >= settings.healthy)
            promises.append(Promise(point, low, mean, high, support, supported))
    return promises


def _support(
    experience: Experience, chance: Chance, point: np.ndarray, changed: np.ndarray, *, certain: bool
) -> tuple[Support, bool]:
    """The trials that are like a point, of which these factors [factor] were changed; whether they speak for it."""
    settings, healthy, first = experience.settings, experience.well, np.flatnonzero(changed).tolist()
    order = [*first, *(column for column in chance.decisive if column not in first)]
    alike = list(kinds(experience.screen, healthy, point, order, kept=len(first), level=settings.confidence))
    support = find_support(alike, settings.healthy, usual=float(healthy.mean()), certain=certain)
    return support or most_alike(alike), support is not None


@dataclass(frozen=True, kw_only=True)
class Prescription:
    """What should be changed, so that this configuration becomes healthy, and what speaks for it.

    Attributes:
        trial: The stored trial where it starts, None for levels that no trial has.
        levels: The levels there, by factor.
        verdict: What became of it.
        failing: How many of its `seeds` fail.
        seeds: How many were measured.
        screened: How many trials of the screen it rests on.
        changes: A factor's level before and after: None before for what a changed group brings along, None after for
            what it takes away. Empty where there is no advice.
        cured: All levels afterwards.
        chance: How likely a new trial is healthy on every seed, by the surrogates, with the interval `chance_low` to
            `chance_high`. No interval is corrected for having looked at several candidates.
        support: The stored trials that are like the cured one.
        supported: False for a guess, which the surrogate believes in and the stored trials do not bear out: they are
            too few, or too ill.
        reason: Why nothing is advised, None where something is or nothing needs to be.
        nearest: The healthy trial that differs least, in `differences`, where nothing is advised.
        overrides: Hydra overrides that run the cured configuration.
        command: The command that does.
    """

    trial: int | None
    levels: Mapping[str, Level]
    verdict: str
    failing: int = 0
    seeds: int = 0
    screened: int = 0
    changes: Changes = field(default_factory=dict)
    cured: Mapping[str, Level] = field(default_factory=dict)
    chance: float = float("nan")
    chance_low: float = float("nan")
    chance_high: float = float("nan")
    support: Support | None = None
    supported: bool = False
    reason: NoCure | None = None
    nearest: int | None = None
    differences: Changes = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    command: str = ""

    @property
    def found(self) -> bool:
        """Whether there is a prescription, and not only a guess or nothing."""
        return self.supported

    @property
    def note(self) -> str:
        """What to change and what speaks for it, or why nothing is advised, in plain words."""
        from gradstudy.words.prescription_words import prescription_note

        return prescription_note(self)

    def _repr_html_(self) -> str:
        from gradstudy.notebook.cards import prescription_card

        return prescription_card(self)


class Prescriptions(tuple[Prescription, ...]):
    """Several of them, which a notebook shows one below the other."""

    def _repr_html_(self) -> str:
        from gradstudy.notebook.cards import prescription_cards

        return prescription_cards(self)


def prescribe(experience: Experience, start: StartingPoint) -> Prescription:
    """The smallest change that should make this configuration healthy.

    Args:
        experience: The measured trials of a screen.
        start: The configuration, of a stored trial or given.

    Returns:
        A prescription, or a guess (`supported` is False), or neither, with the `reason`.
    """
    nothing = Prescription(
        trial=start.trial,
        levels=dict(start.levels),
        verdict=start.verdict,
        failing=start.failing,
        seeds=start.seeds,
        screened=len(experience.trials),
    )
    if start.verdict == HEALTHY:
        return nothing
    promise = strongest_promise(experience, start.point)
    if promise is None:
        nearest, differences = nearest_healthy(experience, start)
        reason = experience.unknown or NoCure.UNSURE
        return replace(nothing, reason=reason, nearest=nearest, differences=differences)
    cured = levels_at(experience, start, promise.point)
    return replace(
        nothing,
        changes=changes_between(start.levels, cured),
        cured=cured,
        chance=promise.chance,
        chance_low=promise.low,
        chance_high=promise.high,
        support=promise.support,
        supported=promise.supported,
    )


def levels_at(experience: Experience, start: StartingPoint, point: np.ndarray) -> dict[str, Level]:
    """All levels of the cured configuration; what was not changed keeps every digit."""
    levels = {}
    for factor, before, after in zip(experience.screen.factors, start.point, point, strict=True):
        if factor.name != DUMMY.name and after != INACTIVE:
            levels[factor.name] = start.levels[factor.name] if after == before else level_at(factor, after)
    return levels


def changes_between(before: Mapping[str, Level], after: Mapping[str, Level]) -> Changes:
    """What differs: what was changed first, what came or went with it last."""
    names = [*before, *(name for name in after if name not in before)]
    pairs = {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}
    return dict(sorted(pairs.items(), key=lambda pair: None in pair[1]))
