"""What was tried as a cure, row by row, and which of its changes are needed."""

from gradstudy.analysis.cure.cure import Cure, Tried
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.words.cure_words import counts_words, good_kind, good_words, unconfirmed_words, way_words
from gradstudy.words.number_words import counted
from gradstudy.words.prescription_words import changes_words, said_of

TRIED_HEADINGS = ("tried", "changes", "well", "learned")


def tried_rows(found: Cure) -> list[tuple[str, str, str, str]]:
    """Under TRIED_HEADINGS all that was run, in that order: why, what was changed, how many seeds are well, learned."""
    return [
        (str(one.purpose), changes_words(one.changes) or "none", well_words(one), way_words(one)) for one in found.tried
    ]


def cure_said(found: Cure) -> list[str]:
    """What was changed, with counts, and what each change is for, a paragraph each; or why no cure is confirmed."""
    if found.reason is not None:
        return [unconfirmed_words(found, found.reason)]
    confirmed = f"Confirmed: change {changes_words(found.changes)}: {counts_words(found)}."
    return list(filter(None, (confirmed, needed_words(found))))


def predicted_said(found: Prescription, steps: int) -> list[str]:
    """What the stored trials promise, a paragraph each, and that it is a prediction."""
    return [*said_of(found), *untried_words(found, steps)]


def untried_words(found: Prescription, steps: int) -> list[str]:
    """That it is a prediction, and what tries it where networks are trained; nothing of what is none."""
    way_on = " confirm.cures=3 tries it on fresh seeds." if steps else ""
    return [f"That is a prediction: nobody has run it.{way_on}"] if found.changes else []


def effort_words(found: Cure) -> str:
    """`9 configurations were tried on 52 fresh networks`"""
    networks = counted(sum(one.seeds for one in found.tried), "fresh network")
    tried = counted(len(found.tried), "configuration")
    return f"{tried} {'was' if len(found.tried) == 1 else 'were'} tried on {networks}"


def well_words(tried: Tried) -> str:
    """`3 of 4`"""
    return f"{tried.well} of {tried.seeds}"


def needed_words(found: Cure) -> str:
    """What comes out without each change of a cure; nothing where it has one only, or none was taken back.

    That every change is needed is not said where without one all seeds but one are well, or all: they are a few.
    """
    if len(found.needed) < 2:
        return ""
    without = (f"without that of {name} {_came_out(found, one)}" for name, one in found.needed.items())
    doubtful = any(0 < one.seeds - 1 <= found.good(one) for one in found.needed.values())
    return f"{'Taken back one by one' if doubtful else 'Every change is needed'}: {'; '.join(without)}."


def _came_out(found: Cure, one: Tried) -> str:
    """`1 of 4 seeds are well, and learn .03 of the way`"""
    (be, ending) = ("is", "s") if one.seeds == 1 else ("are", "")
    learned = f", and learn{ending} {way_words(one)} of the way" if one.learners is not None else ""
    return f"{good_words(found, one, 'seed')} {be} {good_kind(found)}{learned}"
