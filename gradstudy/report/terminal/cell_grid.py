"""What is the response where two factors meet? A small grid of means."""

import pandas as pd
from rich.console import Group, RenderableType

from gradstudy.analysis.level_words import mean_words
from gradstudy.report.terminal.plain import plain_name, plain_table, plain_text

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
        table.add_row(plain_name(level), *(plain_text(mean_words(known[column], digits)) for column in columns))
    title = f"Together: {names[0]} (down) and {names[1]} (across), mean in {unit}"
    return Group(plain_text(title), table)
