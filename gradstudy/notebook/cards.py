"""What a ranking, a measurement and a study show of themselves in a notebook."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from gradstudy.analysis.cure.cure import Cure
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.analysis.theory.agreement import Agreement
from gradstudy.records import DUMMY, SCREEN, StudyInfo
from gradstudy.response import RANKED
from gradstudy.words.number_words import fraction, percent_words, rounded
from gradstudy.words.prescription_words import as_told
from gradstudy.words.ranking_words import (
    INDEX_WORDS,
    INTERVAL_WORDS,
    TEST_WORDS,
    count_words,
    digits_of,
    effect_words,
    is_proven,
    rank_words,
    rough_mark,
    share_words,
    significance_words,
    trust_words,
)
from gradstudy.words.trial_words import level_word, verdicts_words
from gradstudy.words.tried_words import TRIED_HEADINGS, needed_words, tried_rows

ALIGNED_LEFT = "text-align: left"
WHOLE = "white-space: nowrap"
CODE = "font-family: monospace; white-space: pre-wrap; text-align: left"
SHORT_CELL = 24
"""Letters that stay on one line of a table."""


def paragraph(words: str, *, heading: str = "") -> str:
    """Words as words, behind a heading in bold."""
    bold = f"<b>{html.escape(heading)}</b> " if heading else ""
    return f"<p>{bold}{html.escape(words)}</p>"


def code_block(line: str) -> str:
    """What a person may copy; long ones are folded to the eye, and stay whole when copied."""
    return f'<pre style="{CODE}">{html.escape(line)}</pre>'


def html_table(frame: pd.DataFrame, *, muted: Sequence[bool] = ()) -> str:
    """A table of words, read from the left; rows that are `muted` [row] stand back."""
    faint = list(muted) or [False] * len(frame)
    heading = "".join(f'<th style="{ALIGNED_LEFT}; {WHOLE}">{html.escape(str(name))}</th>' for name in frame.columns)
    rows = ""
    for values, muted_row in zip(frame.to_numpy().tolist(), faint, strict=True):
        cells = (_cell(str(value), muted_row) for value in values)
        rows += f"<tr>{''.join(cells)}</tr>"
    return f"<table><thead><tr>{heading}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(words: str, muted: bool) -> str:
    looks = (ALIGNED_LEFT, *([WHOLE] if len(words) <= SHORT_CELL else []), *(["opacity: 0.6"] if muted else []))
    return f'<td style="{"; ".join(looks)}">{html.escape(words)}</td>'


def folded(summary: str, content: str) -> str:
    """What opens when it is asked for."""
    return f"<details><summary>{html.escape(summary)}</summary>{content}</details>"


def ranking_card(ranking: Ranking) -> str:
    """A ranking in HTML, with everything escaped: the question, the conclusions, the shares, what the causes do."""
    about = f"({ranking.response}, {RANKED[ranking.response].unit})"
    parts = [paragraph(about, heading=RANKED[ranking.response].question), paragraph(ranking.note)]
    rows = list(ranking.table.itertuples())
    if rows:
        parts.append(html_table(_shares(ranking, rows), muted=[not is_proven(row) for row in rows]))
        parts.append(paragraph(f"{INDEX_WORDS}; {TEST_WORDS}; {INTERVAL_WORDS}."))
    causes = ranking.levels["factor"].isin([row.factor for row in rows if is_proven(row)])
    if causes.any():
        seen = list(ranking.levels[causes & (ranking.levels["trials"] > 0)].itertuples())
        table = html_table(_levels(seen, digits_of(ranking.levels)))
        parts.append(folded("What the levels of these causes do", table))
    return "".join([*parts, paragraph(f"{trust_words(ranking)}.")])


def _shares(ranking: Ranking, rows: Sequence[Any]) -> pd.DataFrame:
    rough, interval = rough_mark(ranking), percent_words(ranking.confidence)
    return pd.DataFrame(
        {
            "factor": row.factor,
            f"share [{interval}]": share_words(row, rough),
            "own": fraction(row.first),
            "rank": rank_words(row),
            "test": significance_words(row),
            "verdict": row.verdict,
            "direction": row.direction if is_proven(row) else "",
            "trials": row.trials,
        }
        for row in rows
    )


def _levels(levels: Sequence[Any], digits: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "factor": row.factor,
            "level": row.level,
            "mean": rounded(row.mean, digits),
            "difference": "reference" if row.reference else effect_words(row, digits),
            "counts": count_words(row),
        }
        for row in levels
    )


def prescription_card(found: Prescription) -> str:
    """A prescription in HTML, with everything escaped: its note, its changes, and the command that tries them."""
    rows = [(name, *map(as_told, pair)) for name, pair in found.changes.items()]
    changes = html_table(pd.DataFrame(rows, columns=["factor", "from", "to"])) if rows else ""
    return paragraph(found.note) + changes + (code_block(found.command) if found.command else "")


def prescription_cards(found: Sequence[Prescription]) -> str:
    """One below the other."""
    return "<hr>".join(map(prescription_card, found)) or paragraph("No trial fails: there is nothing to cure.")


def cure_card(found: Cure) -> str:
    """What came of trying cures, in HTML, with everything escaped: its note, what was tried, and the command."""
    tried = html_table(pd.DataFrame(tried_rows(found), columns=list(TRIED_HEADINGS))) if found.tried else ""
    command = code_block(found.command) if found.command else ""
    return (
        paragraph(found.note) + paragraph(needed_words(found)) + command + (tried and folded("What was tried", tried))
    )


def cure_cards(found: Sequence[Cure]) -> str:
    """One below the other."""
    return "<hr>".join(map(cure_card, found)) or paragraph("No cures were tried.")


def agreement_card(agreement: Agreement) -> str:
    """What theory says beside what was measured, in HTML: the note, and some trials."""
    return paragraph(agreement.note) + agreement.table.round(3).to_html(index=False, max_rows=10)


MEMBER_COLUMNS = ["seed", "gain_init", "vanishing", "exploding", "verdict", "learned", "outcome", "first_bad_step"]
RESPONSE_UNITS = "Responses are in decades; learned is the share of the way from the loss of the task's baseline to 0."
MEASUREMENT_WAYS = (
    ".plot()  # the signal from place to place, before and after training",
    ".plot_signal()  # the same on every step; .plot_by_distance() where every time step has an answer",
    ".gradients()  # every measured value; .members has all responses",
)


def measurement_card(members: pd.DataFrame, choices: Mapping[str, str], theory: str) -> str:
    """How the gradients of one configuration behaved, in HTML, with everything escaped.

    `members` has a row per seed; `theory` is what mean-field theory says of the first step, or why it says nothing.
    """
    made_of = ", ".join(f"{group}={choice}" for group, choice in choices.items() if choice != "none")
    rows = members.reindex(columns=MEMBER_COLUMNS).map(lambda value: "-" if pd.isna(value) else level_word(value))
    return "".join(
        [
            paragraph(f"{verdicts_words(members)}.", heading="Seeds:"),
            paragraph(made_of),
            html_table(rows),
            paragraph(f"{RESPONSE_UNITS} Theory: {theory}."),
            code_block("\n".join(MEASUREMENT_WAYS)),
        ]
    )


TRIALS_SHOWN = 6
OF_A_SCREEN = (
    'run.rank("vanishing")  # which factors are causes; .plot(), .plot_interactions(), .levels',
    "run.prescribe()  # the smallest changes that make failing trials healthy",
)
OF_A_HUNT = ("run.best()  # the trials that came closest to what was hunted for",)
OF_A_FACTOR = "run.plot_levels({0!r})  # what the levels of a factor do; run.plot_verdicts({0!r})"
OF_ANY = (
    "run.plot_signal(0)  # where and when the gradient of a trial vanishes or explodes",
    "run.trials, run.members  # tables; run.gradients(trial=0) is the whole record of a trial",
)


def study_card(info: StudyInfo, members: pd.DataFrame, trials: pd.DataFrame, ways: Sequence[str]) -> str:
    """A study in HTML, with everything escaped: its question, its verdicts, its first trials, and the ways on.

    `trials` has a row per trial; `ways` are addresses and commands where there is more to see.
    """
    size = f"Trials: {len(trials)}, seeds per trial: {info.seeds}, steps: {info.steps}."
    factors = [factor.name for factor in info.factors if factor != DUMMY]
    shown = trials.head(TRIALS_SHOWN)
    of_shown = members[members["trial"].isin(shown["trial"])]
    more = f"and {len(trials) - len(shown)} more in run.trials" if len(trials) > len(shown) else ""
    own = OF_A_SCREEN if SCREEN in info.phases else OF_A_HUNT
    return "".join(
        [
            paragraph(info.question, heading=f"{info.name}:"),
            paragraph(f"{size} {len(members)} members: {verdicts_words(members)}."),
            html_table(_rows(shown, factors, {trial: verdicts_words(own) for trial, own in of_shown.groupby("trial")})),
            paragraph(more),
            code_block("\n".join((*own, OF_A_FACTOR.format(factors[0]), *OF_ANY, *ways))),
        ]
    )


def _rows(trials: pd.DataFrame, factors: Sequence[str], verdicts: Mapping[Any, str]) -> pd.DataFrame:
    """As they are read: three digits, and a dash where a factor does not live. `verdicts` in words, by trial."""
    columns = trials[["trial", "vanishing", "exploding", *factors]]
    words = columns.map(lambda value: "-" if pd.isna(value) else level_word(value))
    words.insert(1, "seeds", [verdicts[trial] for trial in trials["trial"]])
    return words
