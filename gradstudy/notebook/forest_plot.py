"""Shares with their intervals, one line per factor, beside what the dummy reaches: which factors are causes?"""

from typing import Any

import numpy as np
import pandas as pd

from gradstudy.conclusions import EVIDENCE
from gradstudy.notebook.axes import axes_or_new, letters
from gradstudy.notebook.palette import ACCENT, MUTED


def height_of(rows: int) -> float:
    """How many inches does a forest plot of so many rows take?"""
    return 1.4 + 0.3 * rows


def forest_plot(table: pd.DataFrame, floor: float, axes: Any = None) -> Any:
    """Which shares lie above the noise floor? Matplotlib axes, new ones by default.

    `table` is that of a ranking, whose order it keeps from top to bottom; rows without a share are left out. A full
    point is evidence, a hollow grey one is none; a star at a name says that the factor lives in some trials only.
    """
    shown = table.dropna(subset=["share"])
    axes = axes_or_new(axes, (5.0, height_of(len(shown))))
    places = np.arange(len(shown))
    proven = shown["verdict"].eq(EVIDENCE).to_numpy()
    _points(axes, shown[proven], places[proven], label="evidence", color=ACCENT)
    _points(axes, shown[~proven], places[~proven], label="not proven", color=MUTED, markerfacecolor="none")
    if np.isfinite(floor):
        axes.axvline(floor, color="0.35", linestyle="--", linewidth=1, label="noise floor (dummy)")
    stars = shown["conditional"].map({True: "*", False: ""})
    names = [f"{letters(factor)}{star}" for factor, star in zip(shown["factor"], stars, strict=True)]
    axes.set_yticks(places, names)
    reach = min(1.0, 1.1 * float(shown["share_high"].max()) + 0.02)
    axes.set(ylim=(len(shown) - 0.5, -0.5), xlim=(-0.02 * reach, 1.02 * reach))  # a point at 0 is a whole one
    axes.grid(axis="x", linewidth=0.5, alpha=0.4)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.legend(loc="lower right", framealpha=0.9)
    return axes


def _points(axes: Any, rows: pd.DataFrame, places: np.ndarray, **looks: Any) -> None:
    if rows.empty:
        return
    share = rows["share"].to_numpy(dtype=float)
    # the mean of the draws may lie outside their interval where they are skewed
    reach = np.maximum([share - rows["share_low"], rows["share_high"] - share], 0.0)
    axes.errorbar(share, places, xerr=reach, fmt="o", markersize=6, elinewidth=1.8, **looks)
