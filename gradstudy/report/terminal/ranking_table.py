"""Which factors move a response, by how much, and how sure are we? One ranking as a table for 80 columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from gradstudy.analysis.evidence import EVIDENCE, NOISE_FLOOR, NOT_RANKED
from gradstudy.analysis.level_words import digits_of
from gradstudy.analysis.ranking import Ranking
from gradstudy.analysis.ranking_words import (
    NO_CAUSE,
    SMALLEST_SHARE,
    direction_words,
    fraction,
    is_proven,
    percent_words,
    question_of,
    rank_words,
    rough_mark,
    share_words,
    short,
    significance_words,
    trust_words,
)
from gradstudy.analysis.units import RANKED_UNITS
from gradstudy.report.terminal.cell_grid import cell_grid
from gradstudy.report.terminal.level_lines import level_lines
from gradstudy.report.terminal.plain import Bar, plain_name, plain_table, plain_text

VIEWS = (("share", "own", "rank", "test"), ("share", "rank", "test"), ("share", "rank"))
"""Columns beside the factor and its bar, for ever narrower pages and longer names."""
UNFOLDED = 1000
"""Characters of a page on which nothing is folded."""
LEGEND = (
    "share: of the variance of trial means, alone and together with other factors; own: alone; test: of one factor at "
    "a time, Kruskal-Wallis (KW), Spearman (rho) or of permuted means, p after false-discovery control; n: trials. A "
    "level's number is its difference from the reference level. In brackets: {percent} intervals."
)


def ranking_table(ranking: Ranking) -> RenderableType:
    """What causes a response? Shares with intervals, ranks, tests; then what the levels do, and what to trust.

    What is said in sentences stands below the table: a sentence in a narrow column cannot be read at 80 columns.
    """
    parts: list[RenderableType] = [_title(ranking.response)]
    if len(ranking.table):
        parts += [Text(), Shares(ranking), Text(), *_effects(ranking)]
    return Group(*parts, *_together(ranking), Text(), _caption(ranking))


def ranking_legend(confidence: float) -> Text:
    """How are the rankings read? Once, for all of them."""
    return plain_text(LEGEND.format(percent=percent_words(confidence)), "dim")


def _title(response: str) -> Text:
    return plain_text(f"{question_of(response)}  ({response}, {RANKED_UNITS[response]})", "bold")


@dataclass(frozen=True)
class Shares:
    """One row per factor, with as many of its columns as fit on the page without folding."""

    ranking: Ranking

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        views = [self._table(shown) for shown in VIEWS]
        wide = options.update_width(UNFOLDED)
        widths = [Measurement.get(console, wide, view).maximum for view in views]
        yield next((view for view, width in zip(views, widths, strict=True) if width <= options.max_width), views[-1])

    def _table(self, shown: Sequence[str]) -> Table:
        share = f"share [{percent_words(self.ranking.confidence)}]"
        table = plain_table("factor", share, *shown[1:], "", numbers=("own", "rank"))
        rough = rough_mark(self.ranking)
        for row in self.ranking.table.itertuples():
            written = (share_words(row, rough), fraction(row.first), rank_words(row), significance_words(row))
            cells = [plain_text(words) for name, words in zip(VIEWS[0], written, strict=True) if name in shown]
            table.add_row(plain_name(row.factor), *cells, _mark(row), style="" if is_proven(row) else "dim")
        return table


def _effects(ranking: Ranking) -> list[RenderableType]:
    """What the levels of the proven causes do, and where a conditional factor was looked at."""
    digits, lines = digits_of(ranking.levels), []
    for row in ranking.table.itertuples():
        if is_proven(row):
            levels = ranking.levels[ranking.levels["factor"] == row.factor]
            lines.append(level_lines(direction_words(row), levels, digits=digits))
        elif row.conditional and row.verdict != NOISE_FLOOR:
            lines.append(plain_text(direction_words(row), "dim"))
    verdicts = set(ranking.table["verdict"])
    return lines if EVIDENCE in verdicts or verdicts == {NOT_RANKED} else [Text(NO_CAUSE), *lines]


def _together(ranking: Ranking) -> list[RenderableType]:
    """The cells of the strongest interaction, where there is one worth a look."""
    first = ranking.cells.head(1)[["factor_a", "factor_b"]].merge(ranking.cells)
    if first.empty:
        return []
    grid = cell_grid(first, unit=RANKED_UNITS[ranking.response], digits=digits_of(ranking.levels))
    return [] if grid is None else [Text(), grid]


def _caption(ranking: Ranking) -> Text:
    return plain_text(f"{trust_words(ranking)}{_interaction(ranking)}.\n{ranking.note}".strip())


def _interaction(ranking: Ranking) -> str:
    """The strongest one, where it would not read as nothing."""
    strongest = ranking.interactions.sort_values("share", ascending=False).head(1)
    shown = (row for row in strongest.itertuples() if row.share >= SMALLEST_SHARE)
    return "".join(f", strongest interaction {row.factor_a} x {row.factor_b} {share_words(row)}" for row in shown)


def _mark(row: Any) -> RenderableType:
    if is_proven(row) and np.isfinite(row.share):
        return Bar(row.share)
    return Text(short(row.verdict))
