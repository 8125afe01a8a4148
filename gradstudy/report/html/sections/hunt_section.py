"""What a hunt brought: the trials that came closest to what was looked for."""

from markupsafe import Markup

from gradstudy.report.findings import HUNTED_NOT_RANKED, Findings, about_words, hunt_question, levels_of
from gradstudy.report.rendering import render


def hunt_section(findings: Findings) -> Markup:
    """The best trials with what counted, their seeds and levels, and what runs each; nothing without a hunt."""
    hunt = findings.hunt
    if hunt is None:
        return Markup()
    rows = hunt.best.to_dict("records")
    return render(
        "hunt.html",
        hunt=hunt,
        question=hunt_question(hunt),
        about=about_words(hunt),
        rows=[(row, levels_of(row, hunt.objectives)) for row in rows],
        remark="" if hunt.ranked else HUNTED_NOT_RANKED,
    )
