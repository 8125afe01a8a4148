"""A prescription in the sentences that the terminal and the page share."""

from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.words.prescription_words import advice, chance_words, support_words
from gradstudy.words.trial_words import levels_words


def title_words(prescription: Prescription) -> str:
    """`Typical of vanishing: trial 40, activation=relu, init=default`"""
    return f"Typical of {prescription.verdict}: trial {prescription.trial}, {levels_words(prescription.levels)}"


def said_of(prescription: Prescription) -> list[str]:
    """What to change and what speaks for it, a paragraph each; or why there is no advice."""
    if not prescription.changes:
        return [prescription.note]
    chance = chance_words(prescription.chance, prescription.chance_low, prescription.chance_high)
    change = advice(prescription.changes, supported=prescription.supported)
    return [change, f"{support_words(prescription.support)}. {chance}"]
