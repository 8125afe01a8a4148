"""What a map of the signal shows, in words for who cannot see it and for who points at a field."""

import numpy as np

from gradstudy.analysis.responses.signal_map import SignalMap
from gradstudy.report.figure.charts import SeedCurve
from gradstudy.words.number_words import amplitude


def amplitude_words(decades: float) -> str:
    """`3e-12`, `exactly 0`, or `not finite`."""
    if abs(decades) == float("inf"):
        return "not finite" if decades > 0 else "exactly 0"
    return amplitude(decades)


def signal_name(far: bool) -> str:
    """What a map or a table shows: `Signal`, or that of the last answer alone; see `gradstudy.series.way_back`."""
    return "Signal of the last answer alone" if far else "Signal"


def map_words(signal: SignalMap) -> str:
    """How large the signal is at both ends of the network, on the first and on the last step."""
    first, last = signal.places[0], signal.places[-1]
    where = f"{len(signal.places)} places, {first} to {last}" if first != last else first
    ends = dict.fromkeys((0, len(signal.steps) - 1))
    told = (f"at step {signal.steps[row]} {_at_ends(signal, row)}" for row in ends)
    return f"{signal_name(signal.far)} at {where}: {'; '.join(told)}."


def thinned_words(whole: SignalMap, shown: SignalMap) -> str:
    """Which part of the map is shown; nothing where that is all of it. See `SignalMap.thinned`."""
    parts = (
        (len(shown.steps), len(whole.steps), "steps (of neighbours the least usual)"),
        (len(shown.places), len(whole.places), "places"),
    )
    return " and ".join(f"{few} of {total} {what}" for few, total, what in parts if few < total)


def curve_words(curve: SeedCurve) -> str:
    """How large what a curve in decades shows is, on the first and on the last step, and over all steps and seeds."""
    known = np.flatnonzero(np.isfinite(curve.middle))
    if not known.size:
        return "not finite on any step"
    ends = dict.fromkeys((known[0], known[-1]))
    told = ", ".join(f"{amplitude_words(curve.middle[point])} at step {curve.steps[point]}" for point in ends)
    return f"{told}; from {amplitude_words(np.nanmin(curve.low))} to {amplitude_words(np.nanmax(curve.high))} in all"


def _at_ends(signal: SignalMap, row: int) -> str:
    last = f"{amplitude_words(signal.decades[row, -1])} at {signal.places[-1]}"
    if len(signal.places) == 1:
        return last
    return f"{last} and {amplitude_words(signal.decades[row, 0])} back at {signal.places[0]}"
