"""Everything that a study found, as one HTML page that opens from disk, needs no network and can be sent to anybody."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from markupsafe import Markup

from gradstudy.notebook.palette import ACCENT, FATE_COLOURS, INK, LINE, SOFT, VERDICT_COLOURS
from gradstudy.report.findings import Findings
from gradstudy.report.html.sections.answer_section import answer_head, hunt_section
from gradstudy.report.html.sections.methods_section import methods_section, reproduce_section
from gradstudy.report.html.sections.prescriptions_section import prescriptions_section
from gradstudy.report.html.sections.ranking_section import ranking_section
from gradstudy.report.html.sections.signal_section import signal_section
from gradstudy.report.html.sections.theory_section import theory_section
from gradstudy.report.html.sections.verdicts_section import verdicts_section
from gradstudy.report.rendering import render
from gradstudy.words.trial_words import HEALTHY_BUT_STUCK


def assets(ending: str) -> Markup:
    """All files of this package that end so (`.css`, `.js`), as one text; those of the page itself come first."""
    found = [file for file in files(__package__).iterdir() if file.name.endswith(ending)]
    found.sort(key=lambda file: (not file.name.startswith("page."), file.name))
    return Markup("\n".join(file.read_text("utf-8") for file in found))


SECTIONS: dict[str, tuple[str, Callable[[Findings], Markup]]] = {
    "hunt": ("hunt", hunt_section),
    "signal": ("signal", signal_section),
    "theory": ("theory", theory_section),
    "verdicts": ("verdicts", verdicts_section),
    "prescriptions": ("what to change", prescriptions_section),
    "methods": ("methods", methods_section),
    "reproduce": ("reproduce", reproduce_section),
}
"""What follows the rankings: by the id of a section, its name in the contents and what makes it."""

STUCK_COLOUR = FATE_COLOURS[HEALTHY_BUT_STUCK]
PAGE_COLOURS = {"ink": INK, "muted": SOFT, "line": LINE, "accent": ACCENT, **VERDICT_COLOURS, "stuck": STUCK_COLOUR}
"""By day; what others are at night, the style sheet says."""


@dataclass(frozen=True)
class PageSection:
    """One section of the page: its `id`, its `name` in the contents, and its HTML."""

    id: str
    name: str
    content: Markup


def report_page(findings: Findings) -> str:
    """What this study found as a whole HTML document: the answer first, then what it rests on.

    Of a study of 1000 trials and 12 factors it stays below 3 MB. It holds no address that a browser would fetch.
    """
    return whole_page(findings.run.info.name, answer_head(findings), _parts(findings))


def whole_page(title: str, answer: Markup, parts: Iterable[PageSection]) -> str:
    """An HTML document with its answer first, then the parts that have content; a browser need fetch nothing for it."""
    return str(
        render(
            "page.html",
            title=title,
            answer=answer,
            parts=[part for part in parts if part.content],
            colours=PAGE_COLOURS,
            styles=assets(".css"),
            scripts=(scripts := assets(".js")),
            scripts_hash=b64encode(sha256(scripts.encode()).digest()).decode(),
        )
    )


def _parts(findings: Findings) -> Iterator[PageSection]:
    for ranking in findings.rankings:
        name = ranking.response.replace("_", " ")
        yield PageSection(f"ranking-{ranking.response}", name, ranking_section(ranking, findings))
    for section, (name, make) in SECTIONS.items():
        yield PageSection(section, name, make(findings))
