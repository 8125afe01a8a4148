"""What causes one response: the section of the page that shows a ranking."""

from markupsafe import Markup

from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.report.findings import Findings
from gradstudy.report.html.pieces.forest_table import forest_table
from gradstudy.report.html.sections.interactions_part import interactions
from gradstudy.report.html.sections.levels_part import levels
from gradstudy.report.rendering import render
from gradstudy.response import RANKED


def ranking_section(ranking: Ranking, findings: Findings) -> Markup:
    """Which factors cause this response? Their shares, what their levels do, and which of them act together."""
    return render(
        "ranking.html",
        ranking=ranking,
        question=RANKED[ranking.response].question,
        unit=RANKED[ranking.response].unit,
        forest=forest_table(ranking),
        levels=levels(ranking, findings),
        interactions=interactions(ranking),
    )
