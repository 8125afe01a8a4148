"""A ranking in a notebook: the question, what can be concluded, the shares, and what the levels of the causes do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from gradstudy.analysis.level_words import count_words, digits_of, effect_words, mean_words
from gradstudy.analysis.notebook_page import folded, paragraph, table
from gradstudy.analysis.ranking_words import (
    fraction,
    is_proven,
    percent_words,
    question_of,
    rank_words,
    rough_mark,
    share_words,
    significance_words,
    trust_words,
)
from gradstudy.analysis.units import RANKED_UNITS

if TYPE_CHECKING:  # a ranking shows itself by this page
    from gradstudy.analysis.ranking import Ranking


def ranking_page(ranking: "Ranking") -> str:
    """What does a person want to see of a ranking first? HTML, with everything escaped."""
    about = f"({ranking.response}, {RANKED_UNITS[ranking.response]})"
    parts = [paragraph(about, heading=question_of(ranking.response)), paragraph(ranking.note)]
    rows = list(ranking.table.itertuples())
    if rows:
        parts.append(table(_shares(ranking, rows), muted=[not is_proven(row) for row in rows]))
    causes = ranking.levels[ranking.levels["factor"].isin([row.factor for row in rows if is_proven(row)])]
    if len(causes):
        parts.append(folded("What the levels of these causes do", table(_levels(causes, digits_of(ranking.levels)))))
    return "".join([*parts, paragraph(f"{trust_words(ranking)}.")])


def _shares(ranking: "Ranking", rows: Sequence[Any]) -> pd.DataFrame:
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


def _levels(levels: pd.DataFrame, digits: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "factor": row.factor,
            "level": row.level,
            "mean": mean_words(row.mean, digits),
            "difference": "reference" if row.reference else effect_words(row, digits),
            "counts": count_words(row),
        }
        for row in levels[levels["trials"] > 0].itertuples()
    )
