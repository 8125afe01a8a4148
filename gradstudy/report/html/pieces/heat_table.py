"""A heat map that is a table: every field has its number, its colour, and letters that can be read on that."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradstudy.report.figure.heat_image import colour_stops

COLOUR_STEPS = 101
BRIGHT = 0.179
"""Relative luminance above which black letters have more contrast than white ones."""


@dataclass(frozen=True)
class Field:
    """One field: its `number` in `words`, a `note` below it, and what is said when somebody points at it."""

    number: float
    words: str
    tip: str
    note: str = ""


@dataclass(frozen=True)
class HeatTable:
    """`rows` of fields below the names `across` and beside the names `down`; None is a field that nobody asks for."""

    title: str
    down: Sequence[str]
    across: Sequence[str]
    rows: Sequence[Sequence[Field | None]]
    low: float
    high: float

    def looks(self, field: Field) -> str:
        """The colours of this field, as CSS; none for what is missing."""
        if not np.isfinite(field.number):
            return ""
        width = self.high - self.low
        share = float(np.clip((field.number - self.low) / width, 0.0, 1.0)) if width > 0.0 else 0.0
        ground = colour_stops(COLOUR_STEPS)[round(share * (COLOUR_STEPS - 1))]
        return f"background: {ground}; color: {'#000' if luminance(ground) > BRIGHT else '#fff'}"


def luminance(colour: str) -> float:
    """How bright `#rrggbb` is, from 0 to 1. Source: WCAG 2.2, relative luminance."""
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
