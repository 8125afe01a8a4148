"""Which factors act together, and what happens where two of them meet? Heat maps as tables."""

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from gradstudy.analysis.level_words import count_words, digits_of, mean_words
from gradstudy.analysis.ranking import Ranking
from gradstudy.analysis.ranking_words import fraction, share_words
from gradstudy.analysis.units import RANKED_UNITS
from gradstudy.records import DUMMY
from gradstudy.report.heat_image import colour_stops
from gradstudy.report.html.heat_table import Field, HeatTable
from gradstudy.report.html.rendering import render


def interactions(ranking: Ranking) -> Markup:
    """Which factors act together, in pairs? Nothing where fewer than two have a share."""
    known = ranking.table.dropna(subset=["share", "first"])
    names = [name for name in known["factor"] if name != DUMMY.name]
    if len(names) < 2:
        return Markup()
    return render(
        "interactions.html",
        response=ranking.response,
        unit=RANKED_UNITS[ranking.response],
        pairs=_pairs(ranking, names),
        meetings=list(_meetings(ranking)),
        stops=", ".join(colour_stops()),
    )


def _pairs(ranking: Ranking, names: list[str]) -> HeatTable:
    """Second-order shares below a diagonal of first-order ones, in the order of the ranking."""
    fields = {(row.factor, row.factor): _alone(row) for row in ranking.table.itertuples()}
    for row in ranking.interactions.itertuples():
        fields[row.factor_a, row.factor_b] = fields[row.factor_b, row.factor_a] = _together(row)
    rows = [[fields.get((down, across)) for across in names[: place + 1]] for place, down in enumerate(names)]
    high = max(field.number for row in rows for field in row if field)
    return HeatTable("Shares alone (diagonal) and in pairs", "factor", names, names, rows, 0.0, high)


def _alone(row: Any) -> Field:
    share = f"{fraction(row.first)} [{fraction(row.first_low)}, {fraction(row.first_high)}]"
    return Field(row.first, fraction(row.first), f"{row.factor} alone: {share} of the variance")


def _together(row: Any) -> Field:
    tip = f"{row.factor_a} × {row.factor_b}: {share_words(row)} of the variance, beyond what each does alone"
    return Field(row.share, fraction(row.share), tip)


def _meetings(ranking: Ranking) -> Iterator[HeatTable]:
    """The mean response in the cells of the strongest interactions."""
    cells, digits = ranking.cells, digits_of(ranking.levels)
    low, high = cells["mean"].min(), cells["mean"].max()
    for (a, b), pair in cells.groupby(["factor_a", "factor_b"], sort=False):
        rows = [[_cell(row, digits) for row in level.itertuples()] for _, level in pair.groupby("level_a", sort=False)]
        down, across = pair["level_a"].unique(), pair["level_b"].unique()
        yield HeatTable(f"{a} (down) × {b} (across)", a, down, across, rows, low, high)


def _cell(row: Any, digits: int) -> Field:
    counts = count_words(row)
    tip = f"{row.factor_a}={row.level_a}, {row.factor_b}={row.level_b}: mean {mean_words(row.mean, digits)}, {counts}"
    return Field(row.mean, mean_words(row.mean, digits), tip, note=f"n={row.trials}")
