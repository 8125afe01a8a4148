"""The last page of a launch: what a study found, where it is kept, and what now."""

from collections.abc import Iterator, Sequence

import pandas as pd
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradstudy.analysis.cure.cure import Cure
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.records import FAILING, VERDICTS
from gradstudy.report.answer import answer_sentences
from gradstudy.report.findings import HUNTED_NOT_RANKED, Findings, HuntFindings, about_words, hunt_question
from gradstudy.report.terminal.plain import plain_name, plain_table, plain_text, way_on, whole_text
from gradstudy.report.terminal.study.ranking_table import ranking_legend, ranking_table
from gradstudy.words.command_words import again_command, folded_command, load_call
from gradstudy.words.number_words import compact
from gradstudy.words.prescription_words import title_words
from gradstudy.words.trial_words import threshold_words, verdict_line
from gradstudy.words.tried_words import cure_said, effort_words, predicted_said


def hunt_table(hunt: HuntFindings) -> RenderableType:
    """What came out of the hunt: the best trials with what counted, their verdicts, levels and commands."""
    if hunt.best.empty:
        return plain_text(about_words(hunt))
    counted = tuple(one.name for one in hunt.objectives)
    table = plain_table("trial", *counted, "seeds", numbers=counted)
    commands: list[RenderableType] = []
    for row in hunt.best.to_dict("records"):
        trial, numbers = row["trial"], (plain_text(compact(row[name])) for name in counted)
        table.add_row(plain_name(trial), *numbers, plain_text(hunt.verdicts[trial]))
        commands += [Text(), Text(f"run trial {trial}"), whole_text(folded_command(hunt.commands[trial]))]
    remark = [] if hunt.ranked else [Text(), plain_text(HUNTED_NOT_RANKED)]
    head = (plain_text(hunt_question(hunt), "bold"), plain_text(about_words(hunt)), Text())
    return Group(*head, table, *remark, *commands)


def threshold_table(counts: pd.DataFrame) -> Table:
    """How many members vanish, explode, or neither, when one threshold moves, by `verdicts_by_threshold`."""
    columns = ("neither", *FAILING)
    table = plain_table("threshold (decades)", *columns, numbers=columns)
    for row in counts.to_dict("records"):
        table.add_row(plain_name(threshold_words(row)), *(Text(str(row[verdict])) for verdict in VERDICTS))
    return table


def advice_table(advice: Sequence[tuple[Prescription, Cure | None]], steps: int) -> RenderableType:
    """For a typical trial of every way to fail: its levels, what to change, how sure that is, how to run it.

    What was tried comes in place of what is predicted, of networks that were trained for so many steps.
    """
    lines = (line for prescription, cure in advice for line in _lines(prescription, cure, steps))
    return Group(plain_text("What should be changed?", "bold"), *lines)


def _lines(prescription: Prescription, cure: Cure | None, steps: int) -> Iterator[RenderableType]:
    yield Text()
    yield plain_text(title_words(prescription))
    said = cure_said(cure) if cure else predicted_said(prescription, steps)
    effort = [f"{effort_words(cure)}."] if cure and cure.tried else []
    for words in (*said, *effort):
        yield Padding(plain_text(words), (0, 0, 0, 2))
    if command := (cure or prescription).command:
        yield whole_text(folded_command(command))


PICTURE = "See run.theory().plot(), or the report of the finished study."
"""A study that was stopped has no report stored, but its run draws the picture."""


def summary(findings: Findings) -> RenderableType:
    """What came out: the evidence first, and last, where a terminal stops, the answer and the ways to go on."""
    theory = findings.theory
    title = f"{findings.run.info.name}: {findings.run.info.question}".rstrip(": ")
    sections = [
        *map(ranking_table, findings.rankings),
        *([ranking_legend(findings.run.settings.confidence)] if findings.rankings else []),
        *([hunt_table(findings.hunt)] if findings.hunt else []),
        plain_text(verdict_line(findings.run.searched)),
        threshold_table(findings.thresholds),
        *([advice_table(findings.advice, findings.run.info.steps)] if findings.advice else []),
        *([plain_text(f"{theory.note} {PICTURE}")] if theory else []),
        Group(plain_text(title, "bold"), *map(plain_text, answer_sentences(findings))),
        _ways_on(findings),
    ]
    first, *others = sections
    return Group(first, *(line for section in others for line in (Text(), section)))


def _ways_on(findings: Findings) -> RenderableType:
    ways = {
        "stored in": findings.run.store,
        "report": findings.run.report,
        "look at it": findings.run.ui_command,
        "see this again": again_command(findings.run.info),
        "in a notebook": load_call(findings.run.info),
    }
    folded = {about: folded_command(ways[about]) for about in ("look at it", "see this again")}
    return Group(*(way_on(about, words, folded.get(about, "")) for about, words in ways.items() if words))
