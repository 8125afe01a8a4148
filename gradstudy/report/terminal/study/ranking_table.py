"""One ranking as a table for 80 columns: which factors move a response, by how much, and how sure that is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.conclusions import EVIDENCE, NOISE_FLOOR, NOT_RANKED
from gradstudy.report.terminal.plain import Bar, plain_name, plain_table, plain_text
from gradstudy.response import RANKED
from gradstudy.words.number_words import SMALLEST_SHARE, fraction, percent_words, rounded
from gradstudy.words.ranking_words import (
    INDEX_WORDS,
    INTERVAL_WORDS,
    NO_CAUSE,
    TEST_WORDS,
    count_words,
    digits_of,
    direction_words,
    effect_words,
    is_proven,
    rank_words,
    rough_mark,
    share_words,
    short,
    significance_words,
    trust_words,
)


def level_lines(said: str, levels: pd.DataFrame, *, digits: int) -> RenderableType:
    """What is said of a factor, and below it what its `levels` (rows of `Ranking.levels`) do, with so many digits.

    `relu  +2.8 [+1.8, +3.8]  n=43, 22 diverged`, below the reference level, with which it is compared.
    """
    seen = levels[levels["trials"] > 0]
    if len(seen) < 2:
        return plain_text(said)
    table = Table.grid(padding=(0, 2, 0, 0))
    for row in sorted(seen.itertuples(), key=lambda row: not row.reference):
        effect = "reference" if row.reference else effect_words(row, digits)
        table.add_row(plain_name(row.level), plain_text(effect), plain_text(count_words(row)))
    return Group(plain_text(said), Padding(table, (0, 0, 0, 2)))


MOST_COLUMNS = 6


def cell_grid(cells: pd.DataFrame, *, unit: str, digits: int) -> RenderableType | None:
    """The mean of every cell of one pair of factors (rows of `Ranking.cells`): None where it fits on no page.

    The factor with more levels runs down the page; a cell without trials is `-`.
    """
    down, across = sorted(("a", "b"), key=lambda side: -cells[f"level_{side}"].nunique())
    columns = list(dict.fromkeys(cells[f"level_{across}"]))
    if len(columns) > MOST_COLUMNS:
        return None
    names = [str(cells[f"factor_{side}"].iloc[0]) for side in (down, across)]
    table = plain_table(names[0], *map(str, columns), numbers=tuple(map(str, columns)))
    for level, row in cells.groupby(f"level_{down}", sort=False):
        known = row.set_index(f"level_{across}")["mean"]
        table.add_row(plain_name(level), *(plain_text(rounded(known[column], digits)) for column in columns))
    title = f"Together: {names[0]} (down) and {names[1]} (across), mean in {unit}"
    return Group(plain_text(title), table)


VIEWS = (("share", "own", "rank", "test"), ("share", "rank", "test"), ("share", "rank"))
"""Columns beside the factor and its bar, for ever narrower pages and longer names."""
UNFOLDED = 1000
"""Characters of a page on which nothing is folded."""
LEGEND = (
    f"{INDEX_WORDS}; {TEST_WORDS}; n: trials. A level's number is its difference from the reference level. In "
    f"brackets: {{percent}} intervals; {INTERVAL_WORDS}."
)


def ranking_table(ranking: Ranking) -> RenderableType:
    """What causes a response: shares with intervals, ranks, tests; then what the levels do, and what to trust.

    What is said in sentences stands below the table: a sentence in a narrow column cannot be read at 80 columns.
    """
    response = RANKED[ranking.response]
    parts: list[RenderableType] = [plain_text(f"{response.question}  ({ranking.response}, {response.unit})", "bold")]
    if len(ranking.table):
        parts += [Text(), ShareColumn(ranking), Text(), *_effects(ranking)]
    caption = f"{trust_words(ranking)}{_interaction(ranking)}.\n{ranking.note}"
    return Group(*parts, *_together(ranking), Text(), plain_text(caption.strip()))


def ranking_legend(confidence: float) -> Text:
    """How the rankings are read, once for all of them."""
    return plain_text(LEGEND.format(percent=percent_words(confidence)), "dim")


@dataclass(frozen=True)
class ShareColumn:
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
        row: Any
        for row in self.ranking.table.itertuples():
            written = (share_words(row, rough), fraction(row.first), rank_words(row), significance_words(row))
            cells = [plain_text(words) for name, words in zip(VIEWS[0], written, strict=True) if name in shown]
            mark = Bar(row.share) if is_proven(row) and np.isfinite(row.share) else Text(short(row.verdict))
            table.add_row(plain_name(row.factor), *cells, mark, style="" if is_proven(row) else "dim")
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
    grid = cell_grid(first, unit=RANKED[ranking.response].unit, digits=digits_of(ranking.levels))
    return [] if grid is None else [Text(), grid]


def _interaction(ranking: Ranking) -> str:
    """The strongest one, where it would not read as nothing."""
    strongest = ranking.interactions.sort_values("share", ascending=False).head(1)
    shown: Iterable[Any] = strongest[strongest["share"] >= SMALLEST_SHARE].itertuples()
    return "".join(f", strongest interaction {row.factor_a} x {row.factor_b} {share_words(row)}" for row in shown)
