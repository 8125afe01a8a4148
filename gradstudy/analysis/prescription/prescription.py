"""From a configuration that fails: the smallest change of levels that the stored trials say makes it healthy.

Two views must agree, since each is blind where the other sees: the surrogate's chance for this very point, and the
count of healthy trials among those that are like it. What only one of them promises is not prescribed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from gradstudy.analysis.prescription.candidates import level_at
from gradstudy.analysis.prescription.cure_search import MOST_CHANGES, smallest_cure
from gradstudy.analysis.prescription.experience import Experience
from gradstudy.analysis.prescription.neighbours import Support, nearest_healthy
from gradstudy.analysis.prescription.starting_point import Changes, StartingPoint
from gradstudy.analysis.space.coordinates import INACTIVE
from gradstudy.notebook.html_pieces import code_block, html_table, paragraph
from gradstudy.records import DUMMY, HEALTHY, Level
from gradstudy.words.prescription_words import as_told, cure_note, healthy_note, no_cure_note

NOT_SUPPORTED = f"no change of up to {MOST_CHANGES} factors is sure enough, by what the stored trials say."


@dataclass(frozen=True)
class Prescription:
    """What should be changed, so that this configuration becomes healthy, and what speaks for it?

    `levels` and `verdict` are where it starts (`trial`, None for levels that no trial has). `changes` maps a factor to
    its level before and after: None before for what a changed group brings along, None after for what it takes away;
    empty where there is no advice, and `note` then says why. `cured` are all levels afterwards. `supported` is False
    for a guess, which the surrogate believes in and the stored trials do not bear out: they are too few, or too ill.
    `chance`, `chance_low` and `chance_high` are the surrogates' chance that a new trial is healthy on every seed, with
    its interval; `support` counts the stored trials that are like the cured one. No interval is corrected for having
    looked at several candidates. `nearest` is the healthy trial that differs least, in `differences`, where nothing is
    advised. `overrides` and `command` run the cured configuration.
    """

    trial: int | None
    levels: Mapping[str, Level]
    verdict: str
    note: str
    changes: Changes = field(default_factory=dict)
    cured: Mapping[str, Level] = field(default_factory=dict)
    chance: float = float("nan")
    chance_low: float = float("nan")
    chance_high: float = float("nan")
    support: Support | None = None
    supported: bool = False
    nearest: int | None = None
    differences: Changes = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    command: str = ""

    @property
    def found(self) -> bool:
        """Is there a prescription, and not only a guess or nothing?"""
        return self.supported

    def _repr_html_(self) -> str:
        rows = [(name, *map(as_told, pair)) for name, pair in self.changes.items()]
        changes = html_table(pd.DataFrame(rows, columns=["factor", "from", "to"])) if rows else ""
        return paragraph(self.note) + changes + (code_block(self.command) if self.command else "")


class Prescriptions(tuple[Prescription, ...]):
    """Several of them, which a notebook shows one below the other."""

    def _repr_html_(self) -> str:
        return "<hr>".join(one._repr_html_() for one in self) or paragraph("No trial fails: there is nothing to cure.")


def prescribe(experience: Experience, start: StartingPoint) -> Prescription:
    """What should be changed in this configuration, as little as possible?"""
    about = {"trial": start.trial, "levels": dict(start.levels), "verdict": start.verdict}
    if start.verdict == HEALTHY:
        return Prescription(**about, note=healthy_note(start))
    cure = smallest_cure(experience, start.point)
    if cure is None:
        nearest, differences = nearest_healthy(experience, start)
        note = no_cure_note(start, experience.unknown or NOT_SUPPORTED, nearest, differences)
        return Prescription(**about, note=note, nearest=nearest, differences=differences)
    cured = _levels(experience, start, cure.point)
    changes = _changes(start.levels, cured)
    note = cure_note(start, changes, cure)
    chance = {"chance": cure.chance, "chance_low": cure.low, "chance_high": cure.high}
    found = {"changes": changes, "cured": cured, "support": cure.support, "supported": cure.supported}
    return Prescription(**about, note=note, **found, **chance)


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
