"""One trial as the page draws it: words about it, the picture of its signal with its numbers, its gradient norm."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.responses.fading import Fading
from gradstudy.analysis.responses.signal_map import SignalMap
from gradstudy.records import MemberRecord, Series
from gradstudy.report.figure.charts import Across, SeedCurve, chart_panel, whole_ticks
from gradstudy.report.figure.fading_chart import fading_curves, fading_name, fading_words
from gradstudy.report.figure.heat_image import Scale, data_address, heat_png
from gradstudy.report.figure.signal_words import curve_words, map_words, thinned_words
from gradstudy.report.html.pieces.axis import Ticks
from gradstudy.series import evenly_spaced
from gradstudy.words.number_words import rounded
from gradstudy.words.trial_words import trial_fate, verdicts_words


def stored_records(
    gradients: Callable[..., pd.DataFrame], trials: Sequence[int], quantities: Sequence[str]
) -> dict[int, list[MemberRecord]]:
    """What these trials read of these quantities, seed by seed; `gradients` is that of a run.

    A second for the signal of 40 trials of 50 places x 200 steps at 4 seeds. What no trial has is left out: a quantity
    that is stored nowhere would be refused, and whatever is measured is measured at step 0 too.
    """
    known = gradients(trial=list(trials), step=0)["quantity"].unique()
    rows = gradients(trial=list(trials), quantity=[name for name in quantities if name in known])
    series: dict[tuple[int, int], dict[str, Series]] = {}
    key: Any
    for key, block in rows.groupby(["trial", "seed", "quantity"], sort=False, observed=True):
        trial, seed, quantity = key
        series.setdefault((int(trial), int(seed)), {})[quantity] = _series(block)
    records: dict[int, list[MemberRecord]] = {}
    for (number, of), own in series.items():
        records.setdefault(number, []).append(MemberRecord(number, of, own))
    return records


def _series(block: pd.DataFrame) -> Series:
    """One quantity of one seed; its rows are stored step by step."""
    steps = block["step"].to_numpy()
    width = int((steps == steps[0]).sum())
    values = block["value"].to_numpy(dtype=float).reshape(-1, width)
    return Series(tuple(block["place"].iloc[:width]), steps[::width], values)


MAP_STEPS, MAP_PLACES = 60, 50
NAMED_STEPS, MAP_NAMED = 5, 8
HUNDREDTHS, MIDDLE = 80, 32000
"""A number of decades d is embedded as the whole number HUNDREDTHS * d + MIDDLE, in 16 bits."""
ZERO, BROKEN = 65534, 65535
NUMBER_CODE = {"per_decade": HUNDREDTHS, "middle": MIDDLE, "zero": ZERO, "broken": BROKEN}
"""What a script needs to read them."""


@dataclass(frozen=True)
class TrialMap:
    """What the template needs to draw one trial; `alt` is the picture in words, `ends` are steps of divergence.

    `norm` is the chart of the gradient norm with coordinates in per cent, and `norm_words` is that in words; there is
    none of a trial with a single step. `far`: the signal is that of the last answer alone; `fades` then are the charts
    of what is left of an answer's signal, by state.
    """

    trial: int
    verdict: str
    fate: str
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
    ends: Ticks
    thinned: str
    norm: dict[str, Any] | None
    norm_words: str
    is_zero: bool
    is_broken: bool
    far: bool
    fades: tuple["FadingChart", ...]


@dataclass(frozen=True)
class FadingChart:
    """What is left of an answer's signal over distance, as `chart_panel` has it and in words, and the distances."""

    name: str
    panel: dict[str, Any]
    words: str
    ticks: Ticks


@dataclass(frozen=True)
class Scales:
    """The decades from end to end that all trials share: of colours, of the norms and of what is left by distance."""

    colours: Scale
    norms: Scale
    fades: Scale


def trial_map(
    own: pd.DataFrame,
    whole: SignalMap,
    norms: Mapping[str, SeedCurve],
    fades: Mapping[str, Fading],
    scales: Scales,
    *,
    theory: np.ndarray | None,
    verdict: str,
    levels: str,
) -> TrialMap:
    """The map of the trial whose members are `own`, and the charts of its `norms` and of how its signal `fades`.

    `theory` [distance] is set beside the latter.
    """
    shown, across = whole.thinned(steps=MAP_STEPS, places=MAP_PLACES), Across(0.0, 100.0, whole.steps)
    places, steps = shown.places, shown.steps
    has_norm = bool(norms) and len(whole.steps) > 1
    return TrialMap(
        trial=int(own["trial"].iloc[0]),
        verdict=verdict,
        fate=trial_fate(own),
        levels=levels,
        verdicts=verdicts_words(own),
        sizes=" and ".join(f"{name} {rounded(own[name].mean(), 1)}" for name in ("vanishing", "exploding")),
        alt=map_words(whole),
        picture=data_address(heat_png(shown.decades.T, scales.colours)),
        numbers=embedded(shown.decades),
        places=places,
        steps=tuple(steps.tolist()),
        place_ticks=[
            (places[row], round(100 * (float(row) + 0.5) / len(places), 2))
            for row in evenly_spaced(len(places), MAP_NAMED)
        ],
        step_ticks=_at(across, whole_ticks(whole.steps[0], whole.steps[-1], NAMED_STEPS)),
        ends=_at(across, sorted(own["first_bad_step"].dropna().astype(int).unique())),
        thinned=thinned_words(whole, shown),
        norm=chart_panel(norms, across, top=0.0, height=100.0, limits=scales.norms) if has_norm else None,
        norm_words=curve_words(next(iter(norms.values()))) if has_norm else "",
        is_zero=bool((shown.decades == -np.inf).any()),
        is_broken=bool((shown.decades == np.inf).any()),
        far=whole.far,
        fades=tuple(_fading_charts(fades, theory, scales.fades)),
    )


def _fading_charts(fades: Mapping[str, Fading], theory: np.ndarray | None, limits: Scale) -> Iterator[FadingChart]:
    for state, fading in fades.items():
        curves, distances = fading_curves(fading, theory), np.arange(fading.decades.shape[-1])
        across = Across(0.0, 100.0, distances)
        panel = chart_panel(curves, across, top=0.0, height=100.0, limits=limits, cut=True, merge=False)
        ticks = _at(across, whole_ticks(0, distances[-1], NAMED_STEPS))
        yield FadingChart(fading_name(state, fades), panel, fading_words(curves), ticks)


def embedded(decades: np.ndarray) -> str:
    """Decades [step, place] as base64 of 16 bits each, little-endian, place by place; see HUNDREDTHS."""
    codes = np.rint(np.where(np.isfinite(decades), decades, 0.0) * HUNDREDTHS + MIDDLE)
    codes[decades == -np.inf], codes[decades == np.inf] = ZERO, BROKEN
    return base64.b64encode(codes.T.astype("<u2").tobytes()).decode()


def _at(across: Across, steps: Sequence[int]) -> Ticks:
    return [(str(step), round(across.of(step), 2)) for step in steps]
