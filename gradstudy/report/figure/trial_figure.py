"""One trial at a glance, as a picture that every browser shows: its signal, its gradient norm and its loss.

Some milliseconds and 10 kB per trial: a study draws thousands of them, so matplotlib only lends its colours.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

import numpy as np

from gradstudy.analysis.responses.fading import fadings
from gradstudy.analysis.responses.signal_map import SignalMap, signal_map
from gradstudy.analysis.theory.agreement import PREDICTED
from gradstudy.analysis.theory.prediction import even_fading
from gradstudy.notebook.palette import ACCENT, INK, LINE, SOFT, VERDICT_COLOURS
from gradstudy.records import MemberRecord, TrialResult
from gradstudy.report.figure.charts import NORMS, Across, Label, chart_panel, decade_word, seed_curves, whole_ticks
from gradstudy.report.figure.fading_chart import fading_curves, fading_name, fading_words
from gradstudy.report.figure.heat_image import colour_stops, data_address, heat_png, scale_of
from gradstudy.report.figure.signal_words import map_words, thinned_words
from gradstudy.report.rendering import render
from gradstudy.series import evenly_spaced
from gradstudy.words.trial_words import levels_words, verdicts_words

FIGURE_STEPS, FIGURE_PLACES, FIGURE_NAMED = 60, 64, 8
FIGURE_LEFT, FIGURE_WIDTH = 96.0, 440.0
MAP_TOP, MAP_HEIGHT, CHART_HEIGHT, BETWEEN, AXIS_HEIGHT = 92.0, 190.0, 80.0, 40.0, 14.0
LONGEST_PLACE, LONGEST_LINE = 13, 100


def trial_figure(result: TrialResult) -> bytes:
    """The picture of a trial, an SVG file."""
    records, signal = result.records, signal_map(result.records)
    shown = signal.thinned(steps=FIGURE_STEPS, places=FIGURE_PLACES)
    (low, high), levels = scale_of(shown.decades), levels_words(result.trial.levels)
    field, count = MAP_HEIGHT / len(shown.places), len(records)
    across = Across(FIGURE_LEFT, FIGURE_WIDTH, signal.steps)
    seeds = f"Median of {count} seeds; bands from the lowest to the highest." if count > 1 else "One seed."
    some, bottom = thinned_words(signal, shown), MAP_TOP + MAP_HEIGHT + 2 * (BETWEEN + CHART_HEIGHT)
    fades = list(_fades(result, bottom + AXIS_HEIGHT))
    return render(
        "flow.svg",
        heading=f"Trial {result.trial.number}: {verdicts_words(result.rows)}",
        levels=wrap(levels, LONGEST_LINE, max_lines=2, placeholder=" …"),
        description=" ".join([f"{levels}. {map_words(signal)}", *(fade.pop("words") for fade in fades)]),
        map={"x": FIGURE_LEFT, "y": MAP_TOP, "width": FIGURE_WIDTH, "height": MAP_HEIGHT},
        far=signal.far,
        image=data_address(heat_png(shown.decades.T, (low, high))),
        colours=colour_stops()[::-1],
        decades=[
            Label(MAP_TOP + (high - tick) / (high - low) * MAP_HEIGHT, decade_word(tick))
            for tick in whole_ticks(low, high, 5)
        ],
        places=[
            Label(MAP_TOP + (row + 0.5) * field, _short(shown.places[row]))
            for row in evenly_spaced(len(shown.places), FIGURE_NAMED)
        ],
        panels=list(_panels(records, across)),
        ink=INK,
        soft=SOFT,
        rule=LINE,
        lines=(ACCENT, INK, SOFT),
        steps=[Label(across.of(step), str(step)) for step in whole_ticks(signal.steps[0], signal.steps[-1], 6)],
        bottom=bottom,
        fades=fades,
        end=bottom + len(fades) * (AXIS_HEIGHT + BETWEEN + CHART_HEIGHT),
        crosses=[across.of(step) for step in sorted(_ends(records))],
        marks=list(_marks(shown, records)),
        struck=VERDICT_COLOURS["diverged"],
        footnotes=[seeds, *([f"Map: {some}."] if some else [])],
    ).encode()


def _panels(records: Sequence[MemberRecord], across: Across) -> Iterator[dict[str, Any]]:
    """The gradient norm with and without clipping, and the loss, one below the other."""
    below = MAP_TOP + MAP_HEIGHT + BETWEEN
    for place, (name, quantities) in enumerate({"gradient norm": NORMS, "training loss": {"": "loss"}}.items()):
        top = below + place * (CHART_HEIGHT + BETWEEN)
        panel = chart_panel(seed_curves(records, quantities), across, top=top, height=CHART_HEIGHT)
        yield {"name": f"{name} (not clipped)" if panel["is_one_picture"] else name, **panel}


def _fades(result: TrialResult, below: float) -> Iterator[dict[str, Any]]:
    """What is left of an answer's signal so many time steps before it, where every one has an answer: by state."""
    fades = fadings(result.records)
    for place, (state, fading) in enumerate(fades.items()):
        distances = np.arange(fading.decades.shape[-1])
        curves = fading_curves(fading, even_fading(result.rows[0].get(PREDICTED), len(distances)))
        across = Across(FIGURE_LEFT, FIGURE_WIDTH, distances)
        top = below + BETWEEN + place * (AXIS_HEIGHT + BETWEEN + CHART_HEIGHT)
        name = fading_name(state, fades)
        panel = chart_panel(curves, across, top=top, height=CHART_HEIGHT, merge=False)
        ticks = [Label(across.of(tick), str(tick)) for tick in whole_ticks(0, distances[-1], 6)]
        words = f"{name.capitalize()}, by the time steps before it: {fading_words(curves)}."
        yield {"name": name, **panel, "distances": ticks, "words": words}


def _short(name: str) -> str:
    # places differ in how they end
    return name if len(name) <= LONGEST_PLACE else f"…{name[1 - LONGEST_PLACE :]}"


def _ends(records: Sequence[MemberRecord]) -> Counter[int]:
    """At which steps how many seeds diverged."""
    return Counter(record.first_bad_step for record in records if record.first_bad_step is not None)


def _marks(shown: SignalMap, records: Sequence[MemberRecord]) -> Iterator[tuple[str, str]]:
    """What is drawn beside sizes, and what it means."""
    if (shown.decades == -np.inf).any():
        yield "zero", "exactly zero"
    if (shown.decades == np.inf).any():
        yield "broken", "not finite"
    ends = _ends(records)
    if ends:
        first, last = min(ends), max(ends)
        when = f"at step {first}" if first == last else f"at steps {first} to {last}"
        yield "cross", f"{ends.total()} of {len(records)} seeds diverged, {when}"
