"""What causes one response: the section of the page that shows a ranking."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from gradstudy.analysis.ranking.interactions import interaction_matrix
from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.report.figure.heat_image import colour_stops
from gradstudy.report.findings import Findings
from gradstudy.report.html.pieces.axis import axis_of
from gradstudy.report.html.pieces.forest_table import forest_table
from gradstudy.report.html.pieces.heat_table import Field, HeatTable
from gradstudy.report.html.pieces.level_view import POINT_KINDS, level_view, trial_points
from gradstudy.report.rendering import render
from gradstudy.response import RANKED
from gradstudy.words import ranking_words as level_words
from gradstudy.words.number_words import compact, fraction, percent_words, rounded
from gradstudy.words.ranking_words import count_words, digits_of, direction_words, is_proven, share_words


def interactions(ranking: Ranking) -> Markup:
    """Which factors act together, in pairs; nothing where fewer than two have a share."""
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
    """What is said of a factor alone, and of a pair, by its names."""
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


MEANINGS = ("a trial without a diverged seed", "some seeds diverged", "every seed diverged")
"""What the kinds of points mean."""


def levels(ranking: Ranking, findings: Findings) -> Markup:
    """What the levels of every cause do. Factors that are none are folded; nothing where nothing has levels."""
    if ranking.levels.empty or not ranking.trials:
        return Markup()
    points = trial_points(findings, ranking.response)
    axis = axis_of(points.values)
    rows: dict[str, Any] = {str(row.factor): row for row in ranking.table.itertuples()}
    own = {str(factor): levels for factor, levels in ranking.levels.groupby("factor", sort=False)}
    factors = {factor.name: factor for factor in findings.run.info.factors}
    names = [name for name in rows or own if name in own]  # without any row of a ranking: in the study's order
    views = {name: level_view(factors[name], _said(rows.get(name)), own[name], points, axis) for name in names}
    return render(
        "levels.html",
        response=ranking.response,
        unit=RANKED[ranking.response].unit,
        interval=percent_words(ranking.confidence),
        causes=[views.pop(name) for name in names if name in rows and is_proven(rows[name])],
        others=list(views.values()),
        axis=axis,
        points=points,
        told={
            trial: f"{compact(value)} ({verdicts})"
            for trial, value, verdicts in zip(
                points.numbers.tolist(), points.values.tolist(), points.verdicts, strict=True
            )
        },
        kinds=dict(zip(POINT_KINDS, MEANINGS, strict=True)),
        words=level_words,
    )


def _said(row: Any) -> str:
    return "" if row is None else direction_words(row).removeprefix(f"{row.factor}: ")


def ranking_section(ranking: Ranking, findings: Findings) -> Markup:
    """The causes of this response: their shares, what their levels do, and which of them act together."""
    return render(
        "ranking.html",
        ranking=ranking,
        question=RANKED[ranking.response].question,
        unit=RANKED[ranking.response].unit,
        forest=forest_table(ranking),
        levels=levels(ranking, findings),
        interactions=interactions(ranking),
    )
