"""The signal of one configuration as pictures: from place to place, on every step, and by distance from an answer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.ma import masked_invalid

from gradstudy.analysis.responses.fading import STATES, fadings
from gradstudy.analysis.responses.signal_map import decades_of, signal_map, signals_of
from gradstudy.analysis.theory.prediction import Prediction
from gradstudy.errors import InputError
from gradstudy.notebook.axes import axes_or_new, named, power
from gradstudy.notebook.palette import ACCENT, MUTED, SEQUENTIAL, VERDICT_COLOURS
from gradstudy.records import MemberRecord
from gradstudy.series import by_seed, has_far_flow, median_of_seeds

LINE_STYLES = ({"color": ACCENT, "marker": "o"}, {"color": VERDICT_COLOURS["exploding"], "marker": "s"})
"""Of the first step and of the last."""
STATE_STYLES = dict(zip(STATES, ("-", ":"), strict=True))
MOST_MARKED = 40
"""Places with a marker each; more of them are a line."""


def flow_lines(records: Sequence[MemberRecord], prediction: Prediction | None, axes: Any = None) -> Any:
    """How large the signal is at each place, before and after training: matplotlib axes, new ones by default.

    Lines are the medians of the seeds that reached the step, bands go from the lowest seed to the highest. Theory is
    drawn from what was measured at the last place at the first step. What is 0, or not finite, has no place in a
    line: the line breaks there.
    """
    axes, signals = axes_or_new(axes), signals_of(records)
    places = signals[0].places
    far = has_far_flow(records[0])
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
    axes.set(xlabel="place, from first to last", ylabel=_signal_label(far))
    axes.grid(axis="y", linewidth=0.5, alpha=0.4)
    axes.legend()
    return axes


def fading_lines(records: Sequence[MemberRecord], theory: np.ndarray | None, axes: Any = None) -> Any:
    """What is left of an answer's signal so many time steps before it, before and after training: matplotlib axes.

    As in `flow_lines`; `theory` [distance] has decades too. What comes back to a cell state is drawn beside the rest.

    Raises:
        InputError: Nobody looked: this is no recurrent network with an answer at every time step.
    """
    found = fadings(records)
    if not found:
        raise InputError(
            "The signal is followed by its distance where a recurrent network has an answer at every time step "
            "(model=rnn, lstm or gru on task=copy_memory). Here plot() and plot_signal() show it."
        )
    axes = axes_or_new(axes)
    for state, fading in found.items():
        for which, looks in zip(fading.ends, LINE_STYLES, strict=False):
            label = f"step {fading.steps[which]}" + (f", {state}" if len(found) > 1 else "")
            _line(axes, fading.decades[:, which], label=label, **looks, linestyle=STATE_STYLES[state])
    if theory is not None:
        axes.plot(masked_invalid(theory), color="black", linestyle="--", linewidth=1.2, label="theory, step 0")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.get_major_locator().set_params(steps=[1, 2, 5, 10])
    axes.yaxis.set_major_formatter(power)
    axes.set(xlabel="time steps before an answer", ylabel="what is left of the answer's signal")
    axes.grid(axis="y", linewidth=0.5, alpha=0.4)
    axes.legend()
    return axes


def _signal_label(far: bool) -> str:
    return f"signal (RMS of the gradient{' of the last answer alone' if far else ''})"


def _line(axes: Any, decades: np.ndarray, *, label: str, color: str, marker: str, linestyle: str = "-") -> None:
    """One step [seed, place] of the seeds that reached it."""
    reached = decades[~np.isnan(decades).all(axis=1)]
    middle = masked_invalid(median_of_seeds(reached))
    low, high = masked_invalid(reached.min(axis=0)), masked_invalid(reached.max(axis=0))
    shown = marker if len(middle) <= MOST_MARKED else ""
    gaps = " (gaps: 0, inf or nan)" if np.ma.is_masked(middle) else ""
    axes.plot(middle, color=color, marker=shown, markersize=4, linestyle=linestyle, label=f"{label}{gaps}")
    axes.fill_between(range(len(middle)), low, high, color=color, alpha=0.2, linewidth=0)


ODD = {"exactly 0": (-np.inf, MUTED, "...."), "inf or nan": (np.inf, VERDICT_COLOURS["diverged"], "xxxx")}
"""What has no decades: how it reads in a map, its colour and its hatching."""


def plot_signal(records: Sequence[MemberRecord], title: str, axes: Any = None) -> Any:
    """A heat map place x step of one trial's signal, in log colours: matplotlib axes, new ones by default.

    The first place is on top. A signal of exactly 0, and one that is not finite, have colours and hatchings of their
    own; a dashed line stands where a seed diverged.
    """
    ends = sorted(record.first_bad_step for record in records if record.first_bad_step is not None)
    found = signal_map(records)
    axes = axes_or_new(axes)
    edges = (found.steps[0] - 0.5, found.steps[-1] + 0.5, len(found.places) - 0.5, -0.5)
    field = found.decades.T  # [place, step]
    finite = np.ma.masked_invalid(field)
    looks = {"extent": edges, "aspect": "auto", "interpolation": "nearest"}
    if finite.count():
        image = axes.imshow(finite, cmap=SEQUENTIAL, **looks)
        axes.figure.colorbar(image, ax=axes, label=_signal_label(found.far), format=power)
    for label, (kind, colour, hatching) in ODD.items():
        _odd_fields(axes, field == kind, edges, label=label, colour=colour, hatching=hatching)
    for which, step in enumerate(ends):
        said = "a seed diverged" if which == 0 else None
        axes.axvline(step, color=VERDICT_COLOURS["diverged"], linestyle="--", linewidth=1.5, label=said)
    axes.set_yticks(*named(found.places))
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axes.set(xlabel="step", title=title)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", framealpha=0.9)
    return axes


def _odd_fields(
    axes: Any, where: np.ndarray, edges: Sequence[float], *, label: str, colour: str, hatching: str
) -> None:
    if not where.any():
        return
    from matplotlib.colors import ListedColormap

    left, right, bottom, top = edges
    steps = np.linspace(left, right, where.shape[1] + 1)
    places = np.linspace(top, bottom, where.shape[0] + 1)
    fields = np.ma.masked_where(~where, np.ones(where.shape))
    axes.pcolor(steps, places, fields, cmap=ListedColormap([colour]), edgecolor="white", linewidth=0, hatch=hatching)
    axes.fill_between([], [], [], facecolor=colour, edgecolor="white", hatch=hatching, label=label)
    axes.set(xlim=(left, right), ylim=(bottom, top))
