"""What should be changed: a card for a typical trial of every way to fail, with what was tried, or is predicted."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from gradstudy.analysis.cure.cure import Cure
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.report.findings import Findings
from gradstudy.report.html.pieces.axis import Axis
from gradstudy.report.rendering import render
from gradstudy.words.cure_words import good_kind, good_words
from gradstudy.words.number_words import percent_words
from gradstudy.words.prescription_words import as_told
from gradstudy.words.trial_words import levels_words
from gradstudy.words.tried_words import (
    TRIED_HEADINGS,
    cure_said,
    effort_words,
    predicted_said,
    tried_rows,
)

PERCENT = Axis(0.0, 1.0)


@dataclass(frozen=True)
class ChanceBar:
    """How likely a changed configuration is well, by one witness: a share with its interval."""

    name: str
    share: float
    low: float
    high: float


def prescriptions_section(findings: Findings) -> Markup:
    """What makes a failing configuration well: what was tried, else what is predicted; nothing without any."""
    if not findings.advice:
        return Markup()
    wanted = findings.run.settings.healthy
    return render(
        "prescriptions.html",
        cards=[_card(*one, findings.run.info.steps) for one in findings.advice],
        headings=TRIED_HEADINGS,
        tries=findings.run.info.confirm,
        axis=PERCENT,
        wanted=wanted,
        needed=percent_words(wanted),
    )


def _card(prescription: Prescription, cure: Cure | None, steps: int) -> dict[str, Any]:
    shown = cure or prescription
    return {
        "about": prescription,
        "levels": levels_words(prescription.levels),
        "kind": _kind(prescription, cure),
        "said": cure_said(cure) if cure else predicted_said(prescription, steps),
        "changes": [(name, as_told(before), as_told(after)) for name, (before, after) in shown.changes.items()],
        "chances": _tried_bars(cure) if cure else _chances(prescription),
        "well": good_kind(cure) if cure else "",
        "effort": effort_words(cure) if cure else "",
        "tried": tried_rows(cure) if cure else [],
        "command": shown.command,
    }


def _kind(prescription: Prescription, cure: Cure | None) -> str:
    if cure is not None:
        return "confirmed" if cure.confirmed else "not confirmed"
    return "a prediction" if prescription.supported else "a guess" if prescription.changes else "no prescription"


def _tried_bars(cure: Cure) -> list[ChanceBar]:
    """The shares of well seeds before and after, or of healthy ones."""
    named = {name: one for name, one in (("before", cure.before), ("after", cure.after)) if one is not None}
    return [
        ChanceBar(
            f"{name}: {good_words(cure, one, 'fresh seed')}",
            cure.good(one) / one.seeds,
            *one.interval(cure.confidence, healthy=cure.gradients_alone),
        )
        for name, one in named.items()
    ]


def _chances(prescription: Prescription) -> list[ChanceBar]:
    """The share of well trials among those like it, where there are any, and the surrogate's of a prescription."""
    if not prescription.changes:
        return []
    support, found = prescription.support, []
    if support is not None and support.trials:
        name = f"{support.healthy} of {support.trials} trials like it"
        found.append(ChanceBar(name, support.share, support.low, support.high))
    if not prescription.supported:
        return found
    return [*found, ChanceBar("the surrogate", prescription.chance, prescription.chance_low, prescription.chance_high)]
