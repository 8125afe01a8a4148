"""The signal of one configuration from place to place: does the gradient arrive where it is needed?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.ma import masked_invalid

from gradstudy.analysis.responses.signal_map import decades_of, signals_of
from gradstudy.analysis.theory.prediction import Prediction
from gradstudy.notebook.axes import axes_or_new, named, power
from gradstudy.notebook.palette import ACCENT, VERDICT_COLOURS
from gradstudy.over_seeds import by_seed, median_of_seeds
from gradstudy.records import MemberRecord

LINE_STYLES = ({"color": ACCENT, "marker": "o"}, {"color": VERDICT_COLOURS["exploding"], "marker": "s"})
"""Of the first step and of the last."""
MOST_MARKED = 40
"""Places with a marker each; more of them are a line."""


def flow_lines(records: Sequence[MemberRecord], prediction: Prediction | None, axes: Any = None) -> Any:
    """How large is the signal at each place, before and after training? Matplotlib axes, new ones by default.

    Lines are the medians of the seeds that reached the step, bands go from the lowest seed to the highest. Theory is
    drawn from what was measured at the last place at the first step. What is 0, or not finite, has no place in a
    line: the line breaks there.
    """
    axes, signals = axes_or_new(axes), signals_of(records)
    places = signals[0].places
    steps, values = by_seed(signals)
    decades = decades_of(values)  # [seed, step, place]
    for which, looks in zip(sorted({0, len(steps) - 1}), LINE_STYLES, strict=False):
        _line(axes, decades[:, which], label=f"step {steps[which]}", **looks)
    if prediction is not None:
        start = median_of_seeds(decades[:, 0])[-1]
        said = masked_invalid(start + prediction.signal)
        axes.plot(said, color="black", linestyle="--", linewidth=1.2, label="theory, step 0")
    axes.set_xticks(*named(places, 5))
    axes.yaxis.get_major_locator().set_params(steps=[1, 2, 5, 10])
    axes.yaxis.set_major_formatter(power)
    axes.set(xlabel="place, from first to last", ylabel="signal (RMS of the gradient)")
    axes.grid(axis="y", linewidth=0.5, alpha=0.4)
    axes.legend()
    return axes


def _line(axes: Any, decades: np.ndarray, *, label: str, color: str, marker: str) -> None:
    """One step [seed, place] of the seeds that reached it."""
    reached = decades[~np.isnan(decades).all(axis=1)]
    middle = masked_invalid(median_of_seeds(reached))
    low, high = masked_invalid(reached.min(axis=0)), masked_invalid(reached.max(axis=0))
    shown = marker if len(middle) <= MOST_MARKED else ""
    gaps = " (gaps: 0, inf or nan)" if np.ma.is_masked(middle) else ""
    axes.plot(middle, color=color, marker=shown, markersize=4, label=f"{label}{gaps}")
    axes.fill_between(range(len(middle)), low, high, color=color, alpha=0.2, linewidth=0)
