"""What causes one response: the section of the page that shows a ranking."""

from markupsafe import Markup

from gradstudy.analysis.ranking import Ranking
from gradstudy.analysis.ranking_words import question_of
from gradstudy.analysis.units import RANKED_UNITS
from gradstudy.report.findings import Findings
from gradstudy.report.html.forest import forest
from gradstudy.report.html.interactions import interactions
from gradstudy.report.html.levels import levels
from gradstudy.report.rendering import render


def ranking_section(ranking: Ranking, findings: Findings) -> Markup:
    """Which factors cause this response? Their shares, what their levels do, and which of them act together."""
    return render(
        "ranking.html",
        ranking=ranking,
        question=question_of(ranking.response),
        unit=RANKED_UNITS[ranking.response],
        forest=forest(ranking),
        levels=levels(ranking, findings),
        interactions=interactions(ranking),
    )
