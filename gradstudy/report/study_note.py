"""What does a person read first who opens a finished study in MLflow?"""

from collections.abc import Iterator

from gradstudy.analysis.prescription import Prescription
from gradstudy.analysis.ranking import Ranking
from gradstudy.analysis.ranking_words import question_of, rank_words, rough_mark, share_words, significance_words
from gradstudy.report.answer import answer_sentences
from gradstudy.report.command_lines import folded_command
from gradstudy.report.findings import Findings
from gradstudy.report.verdict_words import verdict_line
from gradstudy.tracking.commands import again_command, load_call
from gradstudy.tracking.markdown import code, escaped, note_of, table
from gradstudy.tracking.publication import REPORT_FILE

MOST_ROWS = 6
HEADINGS = ("factor", "share of the variance", "rank", "test", "verdict")


def study_note(findings: Findings) -> str:
    """Markdown: the question, the answer, what it rests on in a few lines, and the ways on.

    MLflow shows the first lines until it is asked for more, so the answer stands there.
    """
    info = findings.info
    return note_of(
        [
            *([f"**{escaped(info.question)}**"] if info.question else []),
            *map(escaped, answer_sentences(findings)),
            f"The whole report is `{REPORT_FILE}` under Artifacts, with figures and tables beside it.",
            f"{escaped(verdict_line(list(findings.members['verdict'])))}.",
            *map(_ranking, findings.rankings),
            *_cures(findings.prescriptions),
            "### Ways on",
            *_ways_on(findings),
            *([f"Source: {escaped(info.source)}."] if info.source else []),
        ]
    )


def _ranking(ranking: Ranking) -> str:
    shown, rough = ranking.table.head(MOST_ROWS), rough_mark(ranking)
    rows = [
        (row.factor, share_words(row, rough), rank_words(row), significance_words(row), row.verdict)
        for row in shown.itertuples()
    ]
    left_out = len(ranking.table) - len(rows)
    more = [f"And {left_out} more in `ranking/{ranking.response}.csv`."] if left_out else []
    tables = [table(HEADINGS, rows)] if rows else []
    heading = f"### {question_of(ranking.response)}"
    return "\n\n".join([heading, *tables, *more, escaped(ranking.note)])


def _cures(prescriptions: tuple[Prescription, ...]) -> Iterator[str]:
    if prescriptions:
        yield "### What should be changed?"
    for prescription in prescriptions:
        yield f"- {escaped(prescription.note)}"


def _ways_on(findings: Findings) -> Iterator[str]:
    yield "In a terminal (with `analysis.vanishing=2` behind it for another threshold), and in a notebook:"
    yield code(folded_command(again_command(findings.info)))
    yield code(load_call(findings.info))
