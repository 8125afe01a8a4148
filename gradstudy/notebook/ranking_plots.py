"""A ranking as pictures: the shares of its factors, what they do in pairs, and the response where two of them meet."""

from collections.abc import Callable, Sequence
from functools import partial
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.ranking.interactions import interaction_matrix
from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.conclusions import EVIDENCE
from gradstudy.errors import InputError
from gradstudy.notebook.axes import axes_or_new, letters
from gradstudy.notebook.palette import ACCENT, MUTED, SEQUENTIAL
from gradstudy.response import RANKED
from gradstudy.words.number_words import percent_words, rounded, visible
from gradstudy.words.ranking_words import digits_of

LARGEST_LETTERS, SMALLEST_LETTERS = 10.0, 5.5
"""Points of the letters, which shrink where there are many columns."""


def heat_map(
    matrix: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    write: Callable[[float], str],
    unit: str,
    axes: Any = None,
) -> Any:
    """This matrix [row, column] in colours: matplotlib axes, new ones by default.

    Every entry is written in its field by `write`; what is missing stays blank. `unit` stands at the colour bar.
    """
    axes = axes_or_new(axes, (2.5 + 0.7 * len(columns), 1.8 + 0.5 * len(rows)))
    image = axes.imshow(matrix, cmap=SEQUENTIAL, aspect="auto")
    axes.set_xticks(range(len(columns)), map(letters, columns), rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), map(letters, rows))
    size = float(np.clip(70.0 / max(len(columns), 1), SMALLEST_LETTERS, LARGEST_LETTERS))
    for row, column in np.argwhere(np.isfinite(matrix)):
        # Dark letters on the bright half of the colours, and the other way round.
        colour = "black" if image.norm(matrix[row, column]) > 0.5 else "white"
        words = write(matrix[row, column])
        axes.text(column, row, words, ha="center", va="center", color=colour, fontsize=size)
    axes.figure.colorbar(image, ax=axes, label=unit)
    return axes


def height_of(rows: int) -> float:
    """The inches that a forest plot of so many rows takes."""
    return 1.4 + 0.3 * rows


def forest_plot(table: pd.DataFrame, floor: float, axes: Any = None) -> Any:
    """Shares beside the noise floor: matplotlib axes, new ones by default.

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


def plot_shares(ranking: Ranking, axes: Any = None) -> Any:
    """A forest plot of the shares; see `Ranking.plot`."""
    if ranking.table["share"].isna().all():
        raise _without_share(ranking)
    axes = forest_plot(ranking.table, ranking.noise_floor, axes)
    footnote = "\n*where it lives" if ranking.table.dropna(subset=["share"])["conditional"].any() else ""
    axes.set_xlabel(f"share of the variance, {percent_words(ranking.confidence)} interval{footnote}")
    axes.set_title(fill(RANKED[ranking.response].question, 30))
    return axes


def plot_interactions(ranking: Ranking, axes: Any = None) -> Any:
    """A heat map of second-order shares; see `Ranking.plot_interactions`."""
    matrix = interaction_matrix(ranking.table, ranking.interactions)
    if matrix.empty:
        raise _without_share(ranking)
    names = list(map(str, matrix))
    axes = heat_map(matrix.to_numpy(), names, names, write=visible, unit="share of the variance", axes=axes)
    axes.set_title(f"{ranking.response}: what factors do\nalone (diagonal) and in pairs")
    return axes


def plot_cells(ranking: Ranking, factor_a: str = "", factor_b: str = "", axes: Any = None) -> Any:
    """A heat map of mean responses where two factors meet; see `Ranking.plot_cells`."""
    named = ranking.cells[ranking.cells["factor_a"].eq(factor_a) & ranking.cells["factor_b"].eq(factor_b)]
    cells = named if factor_a or factor_b else ranking.cells.head(1)[["factor_a", "factor_b"]].merge(ranking.cells)
    if cells.empty:
        pairs = ranking.cells[["factor_a", "factor_b"]].drop_duplicates().agg(" x ".join, axis=1)
        raise InputError(f"a pair of `cells` is needed to plot, there is {', '.join(pairs) or 'none'}. {ranking.note}")
    down, across = list(cells["level_a"].unique()), list(cells["level_b"].unique())
    grid = cells["mean"].to_numpy(dtype=float).reshape(len(down), len(across))
    unit, write = RANKED[ranking.response].unit, partial(rounded, digits=digits_of(ranking.levels))
    axes = heat_map(grid, down, across, write=write, unit=unit, axes=axes)
    axes.set(title=f"mean {ranking.response}", ylabel=letters(cells["factor_a"].iloc[0]))
    axes.set_xlabel(letters(cells["factor_b"].iloc[0]))
    return axes


def _without_share(ranking: Ranking) -> InputError:
    return InputError(f"a ranking of {ranking.response} with at least one share is needed to plot. {ranking.note}")
