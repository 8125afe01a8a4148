"""What did a hunt bring? The trials that came closest to what was looked for."""

from markupsafe import Markup

from gradstudy.report.findings import Findings
from gradstudy.report.hunt_findings import HUNTED_NOT_RANKED, about_words, hunt_question, levels_of
from gradstudy.report.rendering import render


def hunt_section(findings: Findings) -> Markup:
    """The best trials with what counted, their seeds and levels, and what runs each; nothing without a hunt."""
    catch = findings.catch
    if catch is None:
        return Markup()
    rows = catch.best.to_dict("records")
    return render(
        "hunt.html",
        catch=catch,
        question=hunt_question(catch),
        about=about_words(catch),
        rows=[(row, levels_of(row, catch.objectives)) for row in rows],
        remark="" if catch.ranked else HUNTED_NOT_RANKED,
    )
