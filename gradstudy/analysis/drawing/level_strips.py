"""Every trial at its level: what does a factor do to a response, and where did trials diverge?"""

from typing import Any

import numpy as np

from gradstudy.analysis.drawing.jitter import jitter
from gradstudy.analysis.drawing.letters import letters
from gradstudy.analysis.levels import Cut
from gradstudy.analysis.palette import ACCENT, VERDICT_COLOURS
from gradstudy.analysis.picture import axes_or_new
from gradstudy.records import Factor

WIDTH = 0.6
"""Of a level's strip, where levels are 1 apart."""
BAD = VERDICT_COLOURS["diverged"]
KINDS = {
    "no seed diverged": {"marker": "o", "facecolors": ACCENT, "edgecolors": "none", "alpha": 0.7},
    "some seeds diverged": {"marker": "s", "facecolors": "none", "edgecolors": BAD},
    "every seed diverged": {"marker": "s", "facecolors": BAD, "edgecolors": BAD},
}


def level_strips(
    factor: Factor, groups: Cut, levels: np.ndarray, values: np.ndarray, diverged: np.ndarray, *, axes: Any
) -> Any:
    """How are the trials' values spread at each level? Matplotlib axes, new ones by default.

    Of the trials in which the factor lives: their group, `levels` (its value, where it is a number), `values` of the
    response and the share of their seeds that `diverged`, all [trial]. A line is the mean of a level, or of a third of
    the range; a square is a trial with diverged seeds.
    """
    axes = axes_or_new(axes)
    places = levels.astype(float) if factor.is_number else groups.codes + _across(groups.codes, values)
    kinds = np.where(diverged == 0.0, 0, np.where(diverged < 1.0, 1, 2))
    for kind, (label, looks) in enumerate(KINDS.items()):
        of_kind = kinds == kind
        if of_kind.any():
            axes.scatter(places[of_kind], values[of_kind], s=22, label=label, **looks)
    _means(axes, groups, places, values)
    if factor.is_number:
        axes.set_xscale("log" if factor.log else "linear")
    else:
        _name_levels(axes, groups)
    axes.set_xlabel(letters(factor.name))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize="small")
    return axes


def _across(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Where in its level's strip does each trial stand? [trial], from -WIDTH / 2 to WIDTH / 2"""
    places = np.zeros(len(codes))
    for code in np.unique(codes):
        places[codes == code] = jitter(values[codes == code])
    return WIDTH * (places - 0.5)


def _means(axes: Any, groups: Cut, places: np.ndarray, values: np.ndarray) -> None:
    label = "mean"
    for code in np.unique(groups.codes):
        own = groups.codes == code
        ends = [places[own].min(), places[own].max()]
        axes.plot(ends, [values[own].mean()] * 2, color="black", linewidth=2.5, solid_capstyle="butt", label=label)
        label = None


def _name_levels(axes: Any, groups: Cut) -> None:
    words = [f"{letters(name)}\n(n={count})" for name, count in zip(groups.names, groups.counts(), strict=True)]
    crowded = max(map(len, groups.names)) * len(words) > 40
    slanted = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if crowded else {}
    axes.set_xticks(range(len(words)), words, **slanted)
