"""What the members of a study did, factor by factor: pictures that need no ranking."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.ranking.trial_outcomes import check_members, trial_outcomes
from gradstudy.analysis.space.coordinates import INACTIVE, encode
from gradstudy.analysis.space.levels import Cut, cut
from gradstudy.errors import InputError, nearest
from gradstudy.notebook.axes import axes_or_new, jitter, letters
from gradstudy.notebook.palette import ACCENT, FATE_COLOURS, VERDICT_COLOURS
from gradstudy.records import Factor
from gradstudy.response import RANKED
from gradstudy.words.trial_words import HEALTHY_BUT_STUCK, fate_counts, fates

STRIP_WIDTH = 0.6
"""Of a level's strip, where levels are 1 apart."""
BAD = VERDICT_COLOURS["diverged"]
STRIP_MARKERS: dict[str, dict[str, Any]] = {
    "no seed diverged": {"marker": "o", "facecolors": ACCENT, "edgecolors": "none", "alpha": 0.7},
    "some seeds diverged": {"marker": "s", "facecolors": "none", "edgecolors": BAD},
    "every seed diverged": {"marker": "s", "facecolors": BAD, "edgecolors": BAD},
}
SLANTED = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
"""Names that would stand on each other."""
NARROW = 0.06
"""Share of a bar; in a smaller part its count has no room."""
DARK_LETTERS = {"exploding", HEALTHY_BUT_STUCK}
"""On these colours white ones cannot be read."""
ELSEWHERE = "elsewhere"
"""Where a factor does not live."""


def _across(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Where in its level's strip each trial stands, [trial] from -WIDTH / 2 to WIDTH / 2."""
    places = np.zeros(len(codes))
    for code in np.unique(codes):
        places[codes == code] = jitter(values[codes == code])
    return STRIP_WIDTH * (places - 0.5)


def _means(axes: Any, groups: Cut, places: np.ndarray, values: np.ndarray) -> None:
    label: str | None = "mean"
    for code in np.unique(groups.codes):
        own = groups.codes == code
        ends = [places[own].min(), places[own].max()]
        axes.plot(ends, [values[own].mean()] * 2, color="black", linewidth=2.5, solid_capstyle="butt", label=label)
        label = None


def plot_levels(
    members: pd.DataFrame, factors: Sequence[Factor], name: str, response: str, *, steps: int, axes: Any = None
) -> Any:
    """How a response is spread at each level of this factor, trial by trial: means over seeds, as they are ranked.

    A line is the mean of a level, or of a third of the range; a square is a trial with diverged seeds.
    """
    factor = _known(factors, name)
    check_members(members, factors, response)
    outcome = trial_outcomes(members, response, steps)
    coordinates = encode(outcome.trials, [factor])[:, 0]
    lives = coordinates != INACTIVE
    if not lives.any():
        raise InputError(f"{name} lives in none of the {len(lives)} trials: there is nothing to plot.")
    axes, groups, values = axes_or_new(axes), cut(factor, coordinates[lives]), outcome.shown[lives]
    levels, share = outcome.trials[name].to_numpy()[lives], (outcome.diverged / np.bincount(outcome.row))[lives]
    places = levels.astype(float) if factor.is_number else groups.codes + _across(groups.codes, values)
    kinds = np.where(share == 0.0, 0, np.where(share < 1.0, 1, 2))
    for kind, (label, looks) in enumerate(STRIP_MARKERS.items()):
        of_kind = kinds == kind
        if of_kind.any():
            axes.scatter(places[of_kind], values[of_kind], s=22, label=label, **looks)
    _means(axes, groups, places, values)
    if factor.is_number:
        axes.set_xscale("log" if factor.log else "linear")
    else:
        words = [f"{letters(name)}\n(n={count})" for name, count in zip(groups.names, groups.counts(), strict=True)]
        crowded = max(map(len, groups.names)) * len(words) > 40
        axes.set_xticks(range(len(words)), words, **(SLANTED if crowded else {}))
    axes.set(xlabel=letters(factor.name), ylabel=f"{response} ({RANKED[response].unit})")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize="small")
    return axes


def plot_verdicts(members: pd.DataFrame, factors: Sequence[Factor], name: str = "", axes: Any = None) -> Any:
    """The shares of the members that fared each way, at each level of this factor, or in all."""
    groups: tuple[str, ...] = ("all members",)
    codes = np.zeros(len(members), dtype=int)
    if name:
        factor = _known(factors, name)
        found = cut(factor, encode(members, [factor])[:, 0])
        groups, codes = (*found.names, ELSEWHERE), found.codes  # -1, where it does not live, is the last of the groups
    of_member = pd.Categorical([groups[code] for code in codes], categories=list(dict.fromkeys(groups)))
    counts = pd.crosstab(of_member, fates(members)).reindex(columns=list(fate_counts(members)), fill_value=0)
    axes = axes_or_new(axes, (5.0, 1.6 + 0.4 * len(counts)))
    shares = counts.div(counts.sum(axis=1), axis=0)
    left = pd.Series(0.0, index=counts.index)
    for fate in fate_counts(members):
        looks = {"color": FATE_COLOURS[fate], "edgecolor": "white", "label": fate}
        bars = axes.barh(range(len(counts)), shares[fate], left=left, height=0.75, **looks)
        room = (shares[fate] >= NARROW).tolist()
        words = [str(count) if fits else "" for count, fits in zip(counts[fate], room, strict=True)]
        axes.bar_label(bars, words, label_type="center", color="black" if fate in DARK_LETTERS else "white")
        left = left + shares[fate]
    axes.set_yticks(range(len(counts)), [f"{letters(group)}\n(n={n})" for group, n in counts.sum(axis=1).items()])
    axes.set(xlim=(0, 1), ylim=(len(counts) - 0.5, -0.5), ylabel=letters(name))
    axes.set_xlabel("share of the members, counts in the bars")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, fontsize="small")
    axes.spines[["top", "right", "left"]].set_visible(False)
    return axes


def _known(factors: Sequence[Factor], name: str) -> Factor:
    by_name = {factor.name: factor for factor in factors}
    if name not in by_name:
        raise InputError(f"A factor must be one of {', '.join(by_name)}, got {name!r}.{nearest(name, by_name)}")
    return by_name[name]
