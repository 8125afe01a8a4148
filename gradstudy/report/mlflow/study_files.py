"""The files that a finished study leaves for people: its page, its rankings as tables, and its figures."""

from collections.abc import Iterator

from gradstudy.analysis.ranking.interactions import interaction_matrix
from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.notebook.axes import png
from gradstudy.notebook.forest_plot import height_of
from gradstudy.report.findings import Findings
from gradstudy.report.html.page import report_page
from gradstudy.tracking.publication import REPORT_FILE

WIDE, SQUARE = 6.4, (5.0, 5.0)
"""Inches; a row of a heat map takes half of one."""


def study_files(findings: Findings) -> dict[str, bytes]:
    """What is stored with the study, by name? Figures of what is there to draw; some 0.3 s each."""
    files = {REPORT_FILE: report_page(findings).encode()}
    for ranking in findings.rankings:
        files[f"ranking/{ranking.response}.csv"] = ranking.table.to_csv(index=False, float_format="%.4g").encode()
        files.update(_figures(ranking))
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
