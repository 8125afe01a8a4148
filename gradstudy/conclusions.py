"""The terms of a conclusion, in which analysis decides and which words write out."""

from collections.abc import Mapping
from enum import StrEnum

from gradstudy.records import Level

EVIDENCE = "evidence"
NO_EVIDENCE = "no evidence"
NO_EFFECT = "evidence of no effect"
NOISE_FLOOR = "noise floor"
NOT_RANKED = "not ranked"

UNCLEAR = "no clear direction"
"""Of a factor that moves a response no one way."""

GOOD_FIT = 0.5
"""Below this leave-one-out Q2 the surrogate misses half of what it should predict, and proves nothing by itself."""

FEWEST_TRIALS = 8
"""Below this, an interval says nothing but the prior."""

Changes = Mapping[str, tuple[Level | None, Level | None]]
"""Levels before and after: None before for what a changed group brings along, None after for what it takes away."""

MOST_CHANGES = 3
"""Factors that one prescription changes, beside what they bring along."""


class NoCure(StrEnum):
    """Why nothing is prescribed."""

    NONE_HEALTHY = "no trial is healthy"
    TOO_FEW = "too few trials"
    NOTHING_DECIDES = "no factor decides"
    UNSURE = "no change is sure enough"
