"""Every factor's share with its interval, and how sure it is that the factor is a cause: a table that is a plot."""

from math import ceil, isfinite
from typing import Any

from markupsafe import Markup

from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.conclusions import NOISE_FLOOR
from gradstudy.report.html.pieces.axis import Axis
from gradstudy.report.rendering import render
from gradstudy.words import ranking_words
from gradstudy.words.number_words import fraction


def forest_table(ranking: Ranking) -> Markup:
    """Every factor's share of the variance beside the noise floor; nothing where nothing was ranked."""
    if ranking.table.empty:
        return Markup()
    rows, highest = list(ranking.table.itertuples()), ranking.table["share_high"].astype(float).max()
    return render(
        "forest.html",
        ranking=ranking,
        rows=rows,
        tips=[_tip(row, ranking) for row in rows],
        # up to the first tenth beyond every interval
        axis=Axis(0.0, min(1.0, ceil(10 * highest + 0.01) / 10) if isfinite(highest) else 1.0),
        words=ranking_words,
        dummy=NOISE_FLOOR,
    )


def _tip(row: Any, ranking: Ranking) -> str:
    """What is known of this factor, in sentences."""
    if row.verdict == NOISE_FLOOR:
        return f"{row.factor}: a factor that training never sees. What does not beat it is no evidence."
    share = ranking_words.share_words(row, ranking_words.rough_mark(ranking))
    alone, test = fraction(row.first), ranking_words.significance_words(row)
    return f"{ranking_words.direction_words(row)}\nshare {share}, without others {alone}, test {test}"
