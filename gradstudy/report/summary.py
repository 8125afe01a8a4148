"""What did a study find, where is it kept, and what now? The last page of a launch."""

import json
from collections.abc import Sequence

import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gradstudy.analysis.agreement import Agreement
from gradstudy.analysis.prescription import Prescription
from gradstudy.analysis.ranking import Ranking
from gradstudy.report.hunt_table import Catch, hunt_table
from gradstudy.report.plain import plain_grid, plain_text
from gradstudy.report.prescription_table import prescription_table
from gradstudy.report.ranking_table import ranking_table
from gradstudy.report.verdicts import threshold_table, verdict_line

PICTURE = "See run.theory().plot(), or theory.png in the finished study's run."
"""A study that was stopped has no picture stored, but its run draws one."""


def summary(
    name: str,
    rankings: Sequence[Ranking],
    verdicts: Sequence[str],
    thresholds: pd.DataFrame,
    theory: Agreement | None,
    *,
    store: str,
    ui_command: str,
    command: str,
    catch: Catch | None = None,
    prescriptions: Sequence[Prescription] = (),
) -> RenderableType:
    """What came out? One table per ranking, the verdict of every member counted, the store and the ways to go on.

    `thresholds` counts verdicts as `verdicts_by_threshold` does, `theory` is None where it predicts nothing, and
    `command` is the launch as it was typed. `catch` is what a hunt brought, where there was one;
    `prescriptions` say what to change in what fails.
    """
    tables: list[RenderableType] = []
    for ranking in rankings:
        tables += [ranking_table(ranking), Text()]
    hunted = [] if catch is None else [hunt_table(catch), Text()]
    agreement = [] if theory is None else [Text(f"{theory.note} {PICTURE}"), Text()]
    counts = (verdict_line(verdicts), Text(), threshold_table(thresholds), Text())
    cures = [prescription_table(prescriptions), Text()] if prescriptions else []
    return Group(*tables, *hunted, *counts, *cures, *agreement, _ways_on(name, store, ui_command, command))


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
