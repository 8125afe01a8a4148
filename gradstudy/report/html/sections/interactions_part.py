"""Which factors act together, and what happens where two of them meet? Heat maps as tables."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from gradstudy.analysis.ranking.interactions import interaction_matrix
from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.report.figure.heat_image import colour_stops
from gradstudy.report.html.pieces.heat_table import Field, HeatTable
from gradstudy.report.rendering import render
from gradstudy.response import RANKED
from gradstudy.words.level_words import count_words, digits_of
from gradstudy.words.number_words import fraction, rounded
from gradstudy.words.ranking_words import share_words


def interactions(ranking: Ranking) -> Markup:
    """Which factors act together, in pairs? Nothing where fewer than two have a share."""
    shares = interaction_matrix(ranking.table, ranking.interactions)
    if len(shares) < 2:
        return Markup()
    return render(
        "interactions.html",
        response=ranking.response,
        unit=RANKED[ranking.response].unit,
        pairs=_pairs(ranking, shares),
        meetings=list(_meetings(ranking)),
        stops=", ".join(colour_stops()),
    )


def _pairs(ranking: Ranking, shares: pd.DataFrame) -> HeatTable:
    """Second-order shares below a diagonal of first-order ones, in the order of the ranking."""
    names, tips, values = [str(name) for name in shares], dict(_tips(ranking)), shares.to_numpy(dtype=float)
    rows = [
        [
            Field(share, fraction(share), tips[frozenset((down, across))]) if isfinite(share) else None
            for across, share in zip(names[: place + 1], values[place].tolist(), strict=False)
        ]
        for place, down in enumerate(names)
    ]
    return HeatTable("Shares alone (diagonal) and in pairs", names, names, rows, 0.0, float(np.nanmax(values)))


def _tips(ranking: Ranking) -> Iterator[tuple[frozenset[str], str]]:
    """What is said of a factor alone, and of a pair, by its names?"""
    row: Any
    for row in ranking.table.itertuples():
        share = f"{fraction(row.first)} [{fraction(row.first_low)}, {fraction(row.first_high)}]"
        yield frozenset((row.factor,)), f"{row.factor} alone: {share} of the variance"
    for row in ranking.interactions.itertuples():
        pair = f"{row.factor_a} × {row.factor_b}"
        tip = f"{pair}: {share_words(row)} of the variance, beyond what each does alone"
        yield frozenset((row.factor_a, row.factor_b)), tip


def _meetings(ranking: Ranking) -> Iterator[HeatTable]:
    """The mean response in the cells of the strongest interactions."""
    cells, digits = ranking.cells, digits_of(ranking.levels)
    low, high = cells["mean"].min(), cells["mean"].max()
    for key, pair in cells.groupby(["factor_a", "factor_b"], sort=False):
        rows = [[_cell(row, digits) for row in level.itertuples()] for _, level in pair.groupby("level_a", sort=False)]
        down, across = (list(pair[side].unique()) for side in ("level_a", "level_b"))
        yield HeatTable("{} (down) × {} (across)".format(*key), down, across, rows, low, high)


def _cell(row: Any, digits: int) -> Field:
    counts = count_words(row)
    tip = f"{row.factor_a}={row.level_a}, {row.factor_b}={row.level_b}: mean {rounded(row.mean, digits)}, {counts}"
    return Field(row.mean, rounded(row.mean, digits), tip, note=f"n={row.trials}")
