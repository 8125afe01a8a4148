"""What a person sees who opens a study, or one of its trials, in MLflow."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gradstudy.analysis.cure.cure import Cure
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.analysis.ranking.interactions import interaction_matrix
from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.notebook.axes import png
from gradstudy.notebook.ranking_plots import height_of
from gradstudy.records import CONFIRM, StudyInfo, TrialResult
from gradstudy.report.answer import answer_sentences
from gradstudy.report.figure.trial_figure import trial_figure
from gradstudy.report.findings import Findings
from gradstudy.report.html.page import report_page
from gradstudy.response import RANKED
from gradstudy.tracking.markdown import code_fence, escaped, markdown_table, note_of
from gradstudy.tracking.publication import REPORT_FILE, RunDisplay
from gradstudy.words.command_words import again_command, folded_command, load_call, trial_command
from gradstudy.words.prescription_words import title_words
from gradstudy.words.ranking_words import rank_words, rough_mark, share_words, significance_words
from gradstudy.words.trial_words import levels_words, trial_fate, verdict_line, verdicts_words
from gradstudy.words.tried_words import cure_said, effort_words, untried_words

WIDE, SQUARE = 6.4, (5.0, 5.0)
"""Inches; a row of a heat map takes half of one."""


def ranking_files(ranking: Ranking) -> dict[str, bytes]:
    """A ranking's table by name, and figures of what is there to draw; some 0.3 s each."""
    table = ranking.table.to_csv(index=False, float_format="%.4g").encode()
    return {f"ranking/{ranking.response}.csv": table, **dict(_figures(ranking))}


def study_files(findings: Findings, ranked: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """What is stored with the study, by name; `ranked` are the files of its rankings, where they are drawn already."""
    files = {REPORT_FILE: report_page(findings).encode()}
    for made in (ranking_files(ranking) for ranking in findings.rankings) if ranked is None else (ranked,):
        files.update(made)
    if findings.theory is not None:
        files["figures/theory.png"] = png(findings.theory.plot, SQUARE)
    return files


def _figures(ranking: Ranking) -> Iterator[tuple[str, bytes]]:
    count = int(ranking.table["share"].notna().sum())
    if count:
        yield f"figures/ranking_{ranking.response}.png", png(ranking.plot, (WIDE, height_of(count)))
    together = len(interaction_matrix(ranking.table, ranking.interactions))
    if together > 1:
        side = 2.5 + 0.5 * together
        yield f"figures/interactions_{ranking.response}.png", png(ranking.plot_interactions, (side + 1.0, side))


def trial_note(info: StudyInfo, result: TrialResult) -> str:
    """Markdown: what came out, of which levels, which seed ended early, and what runs the trial again."""
    ends = [
        f"Seed {row['seed']} diverged at step {row['first_bad_step']}, first in {row['first_bad_tensor']}"
        for row in result.rows
        if row["first_bad_step"] is not None
    ]
    seeds = [int(row["seed"]) for row in result.rows]
    tried = f" Run while cures were tried, on the fresh seeds {min(seeds)} to {max(seeds)}."
    fresh = tried if result.trial.phase == CONFIRM else ""
    return note_of(
        [
            f"**{trial_fate(result.rows)}** (seeds: {verdicts_words(result.rows)}) with "
            f"{escaped(levels_words(result.trial.levels))}.{fresh}",
            *([escaped(f"{'; '.join(ends)}.")] if ends else []),
            "Its gradients are drawn in `figures/flow.svg` under Artifacts. Run it again by itself:",
            code_fence(folded_command(trial_command(info, result.trial))),
        ]
    )


MOST_ROWS = 6
HEADINGS = ("factor", "share of the variance", "rank", "test", "verdict")


def study_note(findings: Findings) -> str:
    """Markdown: the question, the answer, what it rests on in a few lines, and the ways on.

    MLflow shows the first lines until it is asked for more, so the answer stands there.
    """
    info = findings.run.info
    return note_of(
        [
            *([f"**{escaped(info.question)}**"] if info.question else []),
            *map(escaped, answer_sentences(findings)),
            f"The whole report is `{REPORT_FILE}` under Artifacts, with figures and tables beside it.",
            f"{escaped(verdict_line(findings.run.searched))}.",
            *map(_ranking, findings.rankings),
            *(["### What should be changed?"] if findings.advice else []),
            *(f"- {escaped(_advised(*one, info.steps))}" for one in findings.advice),
            *(["### What was read"] if info.data else []),
            *(f"- {escaped(about)}: {escaped(words)}" for about, words in info.data.items()),
            "### Ways on",
            "In a terminal (with `analysis.vanishing=2` behind it for another threshold), and in a notebook:",
            code_fence(folded_command(again_command(info))),
            code_fence(load_call(info)),
            *([f"Source: {escaped(info.source)}."] if info.source else []),
        ]
    )


def _advised(prescription: Prescription, cure: Cure | None, steps: int) -> str:
    """What came of trying cures; where none were tried, what is predicted."""
    if cure is None:
        return " ".join([prescription.note, *untried_words(prescription, steps)])
    return " ".join(
        [title_words(prescription) + ".", *cure_said(cure), *([f"{effort_words(cure)}."] if cure.tried else [])]
    )


def _ranking(ranking: Ranking) -> str:
    shown: Iterable[Any] = ranking.table.head(MOST_ROWS).itertuples()
    rough = rough_mark(ranking)
    rows = [
        (row.factor, share_words(row, rough), rank_words(row), significance_words(row), row.verdict) for row in shown
    ]
    left_out = len(ranking.table) - len(rows)
    more = [f"And {left_out} more in `ranking/{ranking.response}.csv`."] if left_out else []
    tables = [markdown_table(HEADINGS, rows)] if rows else []
    heading = f"### {RANKED[ranking.response].question}"
    return "\n\n".join([heading, *tables, *more, escaped(ranking.note)])


def study_display(findings: Findings, ranked: Mapping[str, bytes] | None = None) -> RunDisplay:
    """The answer, and the page, tables and figures that it rests on. A second or two."""
    return RunDisplay(study_note(findings), study_files(findings, ranked))


def failure_note(info: StudyInfo, result: TrialResult) -> str:
    """Markdown: that the trial failed, why, and what runs it again, in the driver, where a debugger can look."""
    return note_of(
        [
            f"**Could not be trained** with {escaped(levels_words(result.trial.levels))}. It counts in nothing; the "
            "study's command with `retry=failed` tries it again.",
            code_fence(result.failure),
            "Run it by itself:",
            code_fence(folded_command(trial_command(info, result.trial))),
        ]
    )


def trial_display(info: StudyInfo, result: TrialResult) -> RunDisplay:
    """What came of the trial, how to run it again, and a picture of its gradients. Some milliseconds."""
    if result.failure:
        return RunDisplay(failure_note(info, result), {})
    return RunDisplay(trial_note(info, result), {"figures/flow.svg": trial_figure(result)})
