"""What do the levels of every factor do to a response? Its trials as points, and the means beside the reference's."""

from typing import Any

from markupsafe import Markup

from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.report.findings import Findings
from gradstudy.report.html.pieces.axis import axis_of
from gradstudy.report.html.pieces.level_view import level_view
from gradstudy.report.html.pieces.trial_points import POINT_KINDS, TrialPoints, trial_points
from gradstudy.report.rendering import render
from gradstudy.response import RANKED
from gradstudy.words import level_words
from gradstudy.words.number_words import percent_words
from gradstudy.words.ranking_words import direction_words, is_proven

MEANINGS = ("a trial without a diverged seed", "some seeds diverged", "every seed diverged")
"""What do the kinds of points mean?"""


def levels(ranking: Ranking, findings: Findings) -> Markup:
    """What do the levels of every cause do? Factors that are none are folded; nothing where nothing has levels."""
    if ranking.levels.empty or not ranking.trials:
        return Markup()
    points = trial_points(findings, ranking.response)
    axis = axis_of(points.values)
    rows: dict[str, Any] = {str(row.factor): row for row in ranking.table.itertuples()}
    own = {str(factor): levels for factor, levels in ranking.levels.groupby("factor", sort=False)}
    factors = {factor.name: factor for factor in findings.run.info.factors}
    names = [name for name in rows or own if name in own]  # without any row of a ranking: in the study's order
    views = {name: level_view(factors[name], _said(rows.get(name)), own[name], points, axis) for name in names}
    return render(
        "levels.html",
        response=ranking.response,
        unit=RANKED[ranking.response].unit,
        interval=percent_words(ranking.confidence),
        causes=[views.pop(name) for name in names if name in rows and is_proven(rows[name])],
        others=list(views.values()),
        axis=axis,
        points=points,
        told=_told(points),
        kinds=dict(zip(POINT_KINDS, MEANINGS, strict=True)),
        words=level_words,
    )


def _said(row: Any) -> str:
    return "" if row is None else direction_words(row).removeprefix(f"{row.factor}: ")


def _told(points: TrialPoints) -> dict[int, str]:
    """What is said of a trial when somebody points at it?"""
    rows = zip(points.numbers.tolist(), points.values.tolist(), points.verdicts, strict=True)
    return {trial: f"{value:.3g} ({verdicts})" for trial, value, verdicts in rows}
