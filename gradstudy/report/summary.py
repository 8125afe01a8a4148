"""What did a study find, where is it kept, and what now? The last page of a launch."""

import json

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gradstudy.report.findings import Findings
from gradstudy.report.hunt_table import hunt_table
from gradstudy.report.plain import plain_grid, plain_text
from gradstudy.report.prescription_table import prescription_table
from gradstudy.report.ranking_table import ranking_table
from gradstudy.report.verdicts import threshold_table, verdict_line

PICTURE = "See run.theory().plot(), or theory.png in the finished study's run."
"""A study that was stopped has no picture stored, but its run draws one."""


def summary(findings: Findings) -> RenderableType:
    """What came out? One table per ranking, the verdict of every member counted, the store and the ways to go on."""
    tables: list[RenderableType] = []
    for ranking in findings.rankings:
        tables += [ranking_table(ranking), Text()]
    hunted = [] if findings.catch is None else [hunt_table(findings.catch), Text()]
    agreement = [] if findings.theory is None else [Text(f"{findings.theory.note} {PICTURE}"), Text()]
    counts = (verdict_line(list(findings.members["verdict"])), Text(), threshold_table(findings.thresholds), Text())
    cures = [prescription_table(findings.prescriptions), Text()] if findings.prescriptions else []
    return Group(*tables, *hunted, *counts, *cures, *agreement, _ways_on(findings))


def _ways_on(findings: Findings) -> Table:
    grid = plain_grid()
    for about, words in {
        "stored in": findings.store,
        "look at it": findings.ui_command,
        "see this again": f"{findings.info.command} mode=report",
        "in a notebook": f"gradstudy.load_study({json.dumps(findings.info.name, ensure_ascii=False)})",
    }.items():
        grid.add_row(Text(about), plain_text(words))
    return grid
