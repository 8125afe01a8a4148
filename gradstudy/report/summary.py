"""What did a study find, where is it kept, and what now? The last page of a launch."""

import json
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gradstudy.analysis.ranking import Ranking
from gradstudy.report.plain import plain_grid, plain_text
from gradstudy.report.ranking_table import ranking_table
from gradstudy.report.verdicts import verdict_line


def summary(
    name: str, rankings: Sequence[Ranking], verdicts: Sequence[str], *, store: str, ui_command: str, command: str
) -> RenderableType:
    """What came out? One table per ranking, the verdict of every member counted, the store and the ways to go on.

    `command` is the launch as it was typed.
    """
    tables: list[RenderableType] = []
    for ranking in rankings:
        tables += [ranking_table(ranking), Text()]
    return Group(*tables, verdict_line(verdicts), Text(), _ways_on(name, store, ui_command, command))


def _ways_on(name: str, store: str, ui_command: str, command: str) -> Table:
    grid = plain_grid()
    for about, words in {
        "stored in": store,
        "look at it": ui_command,
        "see this again": f"{command} mode=report",
        "in a notebook": f"gradstudy.load_study({json.dumps(name, ensure_ascii=False)})",
    }.items():
        grid.add_row(Text(about), plain_text(words))
    return grid
