"""What a study found, in sentences that the terminal, the report and MLflow's note share."""

from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.analysis.responses.member_row import happened
from gradstudy.conclusions import EVIDENCE, GOOD_FIT, NOT_RANKED, UNCLEAR
from gradstudy.records import FINISHED, RUNNING, SCREEN, STOPPED
from gradstudy.report.findings import Findings, HuntFindings, about_words, levels_of
from gradstudy.response import RANKED, Rankable
from gradstudy.words.cure_words import cures_words
from gradstudy.words.failure_words import failed_words
from gradstudy.words.number_words import compact, glossed, percent_interval, percent_words
from gradstudy.words.outcome_words import learning_words
from gradstudy.words.prescription_words import and_list
from gradstudy.words.ranking_words import significance_words

UNFINISHED_WORDS = {
    RUNNING: "In progress, {}: the study is still running, or its process was killed.",
    STOPPED: "Stopped early, {}: the same command goes on with it.",
}
NOT_AT_RANDOM = "Networks of one shape are trained together, so the first trials are no random part and may mislead."
MOST_CAUSES, MOST_OTHERS = 2, 4
"""Causes that are told with all they do, and others that are named."""


def answer_sentences(findings: Findings) -> tuple[str, ...]:
    """The answer to the study's question: a plain sentence for every response, for the cures and for what was hunted.

    Before them stands what cannot be read, what an unfinished study lacks, which trials failed, and how many members
    learned. A response's sentence says in how many members it happens, what decides it, with shares and intervals, and
    what the levels do; or why nobody can say. Only members of trials that were drawn at random are counted in it. The
    first decades are told as a factor too.
    """
    members, settings = findings.run.searched, findings.run.settings
    drawn = members[members["phase"] == SCREEN]
    told = [_of_response(ranking, happened(drawn, settings), settings.confidence) for ranking in findings.rankings]
    learning = learning_words(members if drawn.empty else drawn, findings.run.info.steps, settings.learned)
    hunted = [_of_hunt(findings.hunt)] if findings.hunt else []
    failed, cures = failed_words(findings.run.failed), cures_words(findings.cures)
    sentences = tuple(filter(None, (*_unfinished(findings), failed, learning, *told, cures, *hunted)))
    answer = glossed("\n".join(sentences)).split("\n") if sentences else []
    return (*findings.run.damage, *answer)


def _unfinished(findings: Findings) -> list[str]:
    if findings.run.progress == FINISHED:
        return []
    asked = f" of {findings.run.info.trials}" if findings.run.info.trials else ""
    known = f"{findings.run.searched['trial'].nunique()}{asked} trials so far"
    return [f"{UNFINISHED_WORDS[findings.run.progress].format(known)} {NOT_AT_RANDOM}"]


def _of_response(ranking: Ranking, did: pd.DataFrame, confidence: float) -> str:
    response, table = RANKED[ranking.response], ranking.table
    happens = _happens(response, did) or f"{response.noun[:1].upper()}{response.noun[1:]}"
    causes = table[table["verdict"] == EVIDENCE]
    if (table["verdict"] == NOT_RANKED).all():  # also of a table without rows
        return f"{happens}; {ranking.note[:1].lower()}{ranking.note[1:]}"
    if causes.empty:
        return f"{happens}; no factor beats the noise floor, so there is no evidence for a cause."
    depends = f"; {response.size} depends" if response.size else " depends"
    rough = ", with shares unknown" if ranking.fit <= 0.0 else ", with rough shares, as the surrogate fits badly"
    trust = "" if ranking.fit >= GOOD_FIT else rough
    return f"{happens}{depends} above all on {_causes(causes, ranking, confidence)}{trust}."


BOTH = {"vanishing": ("explodes", "explode"), "exploding": ("vanishes", "vanish")}
"""What a member that does this may do as well, and what several do."""


def _happens(response: Rankable, did: pd.DataFrame) -> str:
    """In how many members it happens, and in how many of them the other as well; nothing where it is no verdict."""
    if not response.verb:
        return ""
    diverged, both = int(did["diverged"].sum()), int((did["vanishing"] & did["exploding"]).sum())
    twice = f" ({both} of them {BOTH[response.name][both > 1]} too)" if both else ""
    diverging = f" and diverge in {diverged}" if diverged and response.name == "exploding" else ""
    return f"Gradients {response.verb} in {did[response.name].sum() or 'none'} of {len(did)} members{twice}{diverging}"


def _causes(causes: pd.DataFrame, ranking: Ranking, confidence: float) -> str:
    """`init (...) and init.gain (...), less on activation`: in full those that may be the first of all."""
    may_be_first = causes["rank_low"].isna() | (causes["rank_low"] == 1)
    told = min(max(int(may_be_first.cumprod().sum()), 1), MOST_CAUSES)
    full = [
        f"{row.factor} ({_share(row, ranking.fit, None if place else confidence)}: {_direction(row, ranking.response)})"
        for place, row in enumerate(causes.head(told).itertuples())
    ]
    others = list(causes["factor"])[told:]
    if len(others) > MOST_OTHERS:
        others = [*others[: MOST_OTHERS - 1], f"{len(others) - MOST_OTHERS + 1} more factors"]
    return and_list(full) + (f", less on {and_list(others)}" if others else "")


def _share(row: Any, fit: float, confidence: float | None) -> str:
    """`47 %, 36 to 59 %`; with a `confidence`, for whoever reads the first of them, in words."""
    if not np.isfinite(row.share):
        return f"by its test alone, {significance_words(row).rpartition(' ')[2]}"
    share = f"{'roughly ' if fit < GOOD_FIT else ''}{100 * row.share:.0f} %"
    interval = percent_interval(row.share_low, row.share_high)
    if confidence is None:
        return f"{share}, {interval}"
    return f"a hand in {share} of the variance, {percent_words(confidence)} interval {interval}"


def _direction(row: Any, response: str) -> str:
    if row.direction == UNCLEAR:
        size = f", by some {compact(row.size, 2)} {RANKED[response].amount_unit}" if np.isfinite(row.size) else ""
        return f"{'it acts together with others' if row.first < row.share / 2 else UNCLEAR}{size}"
    if row.direction.endswith("in the middle"):
        return f"{RANKED[response].noun} is {row.direction} of its range"
    return str(row.direction).replace(" it by ", f" {RANKED[response].noun} by ", 1)


def _of_hunt(hunt: HuntFindings) -> str:
    if hunt.best.empty:
        return about_words(hunt)
    best, goal = hunt.best.iloc[0], hunt.objectives[0].goal
    values = and_list([f"{one.name} {compact(best[one.name])}" for one in hunt.objectives])
    return (
        f"The {goal} of {hunt.trials} trials is trial {best['trial']} ({values}; {hunt.verdicts[best['trial']]}), "
        f"with {levels_of(best.to_dict(), hunt.objectives)}."
    )
