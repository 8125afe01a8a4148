"""What does each level of a proven cause do, against the reference level? A line per level."""

import pandas as pd
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table

from gradstudy.analysis.level_words import count_words, effect_words
from gradstudy.report.terminal.plain import plain_name, plain_text


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
