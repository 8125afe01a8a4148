"""The signal at every place on every step of one trial, in colours: where and when does it vanish or explode?"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradstudy.analysis.responses.signal_map import SignalMap, signal_map
from gradstudy.notebook.axes import axes_or_new, named, power
from gradstudy.notebook.palette import MUTED, SEQUENTIAL, VERDICT_COLOURS
from gradstudy.records import MemberRecord

ODD = {"exactly 0": (-np.inf, MUTED, "...."), "inf or nan": (np.inf, VERDICT_COLOURS["diverged"], "xxxx")}
"""What has no decades: how it reads in a map, its colour and its hatching."""


def plot_signal(records: Sequence[MemberRecord], title: str, axes: Any = None) -> Any:
    """The heat map of one trial, from the records of its seeds; see `signal_field`."""
    ends = [record.first_bad_step for record in records if record.first_bad_step is not None]
    axes = signal_field(signal_map(records), ends, axes)
    axes.set_title(title)
    return axes


def signal_field(found: SignalMap, first_bad_steps: Sequence[int], axes: Any = None) -> Any:
    """A heat map place x step of the signal, in log colours: matplotlib axes, new ones by default.

    The first place is on top. A signal of exactly 0, and one that is not finite, have colours and hatchings of their
    own; a dashed line stands where a seed diverged.
    """
    axes = axes_or_new(axes)
    edges = (found.steps[0] - 0.5, found.steps[-1] + 0.5, len(found.places) - 0.5, -0.5)
    field = found.decades.T  # [place, step]
    finite = np.ma.masked_invalid(field)
    looks = {"extent": edges, "aspect": "auto", "interpolation": "nearest"}
    if finite.count():
        image = axes.imshow(finite, cmap=SEQUENTIAL, **looks)
        axes.figure.colorbar(image, ax=axes, label="signal (RMS of the gradient)", format=power)
    for label, (kind, colour, hatching) in ODD.items():
        _odd_fields(axes, field == kind, edges, label=label, colour=colour, hatching=hatching)
    for which, step in enumerate(sorted(first_bad_steps)):
        said = "a seed diverged" if which == 0 else None
        axes.axvline(step, color=VERDICT_COLOURS["diverged"], linestyle="--", linewidth=1.5, label=said)
    axes.set_yticks(*named(found.places))
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axes.set_xlabel("step")
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
