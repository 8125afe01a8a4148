"""What did a study find, where is it kept, and what now? The last page of a launch."""

from rich.console import Group, RenderableType
from rich.text import Text

from gradstudy.report.answer import answer_sentences
from gradstudy.report.command_lines import folded_command
from gradstudy.report.findings import Findings
from gradstudy.report.terminal.hunt_table import hunt_table
from gradstudy.report.terminal.plain import plain_text
from gradstudy.report.terminal.prescription_table import prescription_table
from gradstudy.report.terminal.ranking_table import ranking_legend, ranking_table
from gradstudy.report.terminal.threshold_table import threshold_table
from gradstudy.report.terminal.ways_on import way_on
from gradstudy.report.verdict_words import verdict_line
from gradstudy.tracking.commands import again_command, load_call

PICTURE = "See run.theory().plot(), or the report of the finished study."
"""A study that was stopped has no report stored, but its run draws the picture."""


def summary(findings: Findings) -> RenderableType:
    """What came out? The evidence first, and last, where a terminal stops, the answer and the ways to go on."""
    cures, theory = findings.prescriptions, findings.theory
    sections = [
        *map(ranking_table, findings.rankings),
        *([ranking_legend(findings.settings.confidence)] if findings.rankings else []),
        *([hunt_table(findings.catch)] if findings.catch else []),
        plain_text(verdict_line(list(findings.members["verdict"]))),
        threshold_table(findings.thresholds),
        *([prescription_table(cures)] if cures else []),
        *([plain_text(f"{theory.note} {PICTURE}")] if theory else []),
        _answer(findings),
        _ways_on(findings),
    ]
    first, *others = sections
    return Group(first, *(line for section in others for line in (Text(), section)))


def _answer(findings: Findings) -> RenderableType:
    title = f"{findings.info.name}: {findings.info.question}".rstrip(": ")
    return Group(plain_text(title, "bold"), *map(plain_text, answer_sentences(findings)))


def _ways_on(findings: Findings) -> RenderableType:
    ways = {
        "stored in": findings.store,
        "report": findings.report,
        "look at it": findings.ui_command,
        "see this again": again_command(findings.info),
        "in a notebook": load_call(findings.info),
    }
    folded = {about: folded_command(ways[about]) for about in ("look at it", "see this again")}
    return Group(*(way_on(about, words, folded.get(about, "")) for about, words in ways.items() if words))
