"""A ranking in pictures: shares with their intervals, what acts together, and what happens where two factors meet."""

from functools import partial
from textwrap import fill
from typing import Any

from gradstudy.analysis.ranking.interactions import interaction_matrix
from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.errors import InputError
from gradstudy.notebook.axes import letters
from gradstudy.notebook.forest_plot import forest_plot
from gradstudy.notebook.heat_map import heat_map
from gradstudy.response import RANKED
from gradstudy.words.level_words import digits_of
from gradstudy.words.number_words import percent_words, rounded, visible


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
