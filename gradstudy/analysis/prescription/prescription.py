"""From a configuration that fails: the smallest change of levels that the stored trials say makes it healthy.

Two views must agree, since each is blind where the other sees: the surrogate's chance for this very point, and the
count of healthy trials among those that are like it. What only one of them promises is not prescribed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gradstudy.analysis.prescription.candidates import level_at
from gradstudy.analysis.prescription.cure_search import smallest_cure
from gradstudy.analysis.prescription.experience import Experience
from gradstudy.analysis.prescription.neighbours import Support, nearest_healthy
from gradstudy.analysis.prescription.starting_point import StartingPoint
from gradstudy.analysis.space.coordinates import INACTIVE
from gradstudy.conclusions import Changes, NoCure
from gradstudy.records import DUMMY, HEALTHY, Level


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
    cure = smallest_cure(experience, start.point)
    if cure is None:
        nearest, differences = nearest_healthy(experience, start)
        reason = experience.unknown or NoCure.UNSURE
        return replace(nothing, reason=reason, nearest=nearest, differences=differences)
    cured = _levels(experience, start, cure.point)
    return replace(
        nothing,
        changes=_changes(start.levels, cured),
        cured=cured,
        chance=cure.chance,
        chance_low=cure.low,
        chance_high=cure.high,
        support=cure.support,
        supported=cure.supported,
    )


def _levels(experience: Experience, start: StartingPoint, point: np.ndarray) -> dict[str, Level]:
    """All levels of the cured configuration; what was not changed keeps every digit."""
    levels = {}
    for factor, before, after in zip(experience.screen.factors, start.point, point, strict=True):
        if factor.name != DUMMY.name and after != INACTIVE:
            levels[factor.name] = start.levels[factor.name] if after == before else level_at(factor, after)
    return levels


def _changes(before: Mapping[str, Level], after: Mapping[str, Level]) -> Changes:
    """What differs: what was changed first, what came or went with it last."""
    names = [*before, *(name for name in after if name not in before)]
    pairs = {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}
    return dict(sorted(pairs.items(), key=lambda pair: None in pair[1]))
