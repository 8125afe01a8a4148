"""What should be changed: a card for a typical trial of every failing verdict."""

from dataclasses import dataclass

from markupsafe import Markup

from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.report.findings import Findings
from gradstudy.report.html.pieces.axis import Axis
from gradstudy.report.rendering import render
from gradstudy.words.number_words import percent_words
from gradstudy.words.prescription_words import as_told, said_of
from gradstudy.words.trial_words import levels_words

PERCENT = Axis(0.0, 1.0)


@dataclass(frozen=True)
class ChanceBar:
    """How likely health is after the change, by one witness: a share with its interval."""

    name: str
    share: float
    low: float
    high: float


def prescriptions_section(findings: Findings) -> Markup:
    """The smallest change that makes a failing configuration healthy, and what speaks for it; nothing without any."""
    if not findings.prescriptions:
        return Markup()
    cards = [
        {
            "about": one,
            "levels": levels_words(one.levels),
            "kind": "prescription" if one.supported else "a guess" if one.changes else "no prescription",
            "said": said_of(one),
            "changes": [(name, as_told(before), as_told(after)) for name, (before, after) in one.changes.items()],
            "chances": _chances(one),
        }
        for one in findings.prescriptions
    ]
    wanted = findings.run.settings.healthy
    return render("prescriptions.html", cards=cards, axis=PERCENT, wanted=wanted, needed=percent_words(wanted))


def _chances(prescription: Prescription) -> list[ChanceBar]:
    """The share of healthy trials among those like it, where there are any, and the surrogate's chance."""
    if not prescription.changes:
        return []
    support, found = prescription.support, []
    if support is not None and support.trials:
        name = f"{support.healthy} of {support.trials} trials like it"
        found.append(ChanceBar(name, support.share, support.low, support.high))
    return [*found, ChanceBar("the surrogate", prescription.chance, prescription.chance_low, prescription.chance_high)]
