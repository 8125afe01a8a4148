"""The map of one trial as the page draws it: words about it, its picture, and its numbers for who points at a field."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gradstudy.analysis.signal_map import SignalMap, spread
from gradstudy.analysis.trial_words import verdicts_words
from gradstudy.report.heat_image import Scale, data_address, heat_png
from gradstudy.report.scale import whole_ticks
from gradstudy.report.signal_words import map_words

MOST_STEPS, MOST_PLACES = 60, 50
NAMED_STEPS, NAMED_PLACES = 5, 8
HUNDREDTHS, MIDDLE = 80, 32000
"""A number of decades d is embedded as the whole number HUNDREDTHS * d + MIDDLE, in 16 bits."""
ZERO, BROKEN = 65534, 65535

Ticks = Sequence[tuple[str, float]]
"""What is written, and at which per cent."""


@dataclass(frozen=True)
class TrialMap:
    """What the template needs to draw one trial; `alt` is the picture in words, `ends` are steps of divergence."""

    trial: int
    verdict: str
    levels: str
    verdicts: str
    sizes: str
    alt: str
    picture: str
    numbers: str
    places: tuple[str, ...]
    steps: tuple[int, ...]
    place_ticks: Ticks
    step_ticks: Ticks
    ends: Sequence[tuple[int, float]]
    thinned: str
    is_zero: bool
    is_broken: bool


def trial_map(own: pd.DataFrame, whole: SignalMap, scale: Scale, *, verdict: str, levels: str) -> TrialMap:
    """The map of the trial whose members are `own`, in the colours of `scale`."""
    shown = whole.thinned(steps=MOST_STEPS, places=MOST_PLACES)
    places, steps = shown.places, shown.steps
    return TrialMap(
        trial=int(own["trial"].iloc[0]),
        verdict=verdict,
        levels=levels,
        verdicts=verdicts_words(own["verdict"]),
        sizes=" and ".join(f"{name} {own[name].mean():.1f}" for name in ("vanishing", "exploding")),
        alt=map_words(whole),
        picture=data_address(heat_png(shown.decades.T, scale)),
        numbers=embedded(shown.decades),
        places=places,
        steps=tuple(steps.tolist()),
        place_ticks=[(places[row], _middle(row, len(places))) for row in spread(len(places), NAMED_PLACES)],
        step_ticks=[(str(step), _across(shown, step)) for step in whole_ticks(steps[0], steps[-1], NAMED_STEPS)],
        ends=[(int(step), _across(shown, step)) for step in sorted(own["first_bad_step"].dropna().unique())],
        thinned=_thinned(whole, shown),
        is_zero=bool((shown.decades == -np.inf).any()),
        is_broken=bool((shown.decades == np.inf).any()),
    )


def embedded(decades: np.ndarray) -> str:
    """Decades [step, place] as base64 of 16 bits each, little-endian, place by place; see HUNDREDTHS."""
    codes = np.rint(np.where(np.isfinite(decades), decades, 0.0) * HUNDREDTHS + MIDDLE)
    codes[decades == -np.inf], codes[decades == np.inf] = ZERO, BROKEN
    return base64.b64encode(codes.T.astype("<u2").tobytes()).decode()


def _middle(which: float, count: int) -> float:
    """At which per cent is the middle of this field among so many?"""
    return round(100 * (which + 0.5) / count, 2)


def _across(shown: SignalMap, step: float) -> float:
    """At which per cent is this step, between the middles of the fields of those that are shown?"""
    count = len(shown.steps)
    return _middle(float(np.interp(step, shown.steps, np.arange(count))), count)


def _thinned(whole: SignalMap, shown: SignalMap) -> str:
    parts = (("steps", len(shown.steps), len(whole.steps)), ("places", len(shown.places), len(whole.places)))
    some = [f"{few} of {total} {name}" for name, few, total in parts if few < total]
    return f"{' and '.join(some)} shown" if some else ""
