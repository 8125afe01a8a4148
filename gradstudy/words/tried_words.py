"""What was tried as a cure, row by row, and which of its changes are needed."""

from gradstudy.analysis.cure.cure import Cure, Tried
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.words.cure_words import WHY_NOT_CONFIRMED, counts_words, way_words
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
    counts = f"change {changes_words(found.changes)}: {counts_words(found)}" if found.changes else ""
    if found.reason is None:
        return list(filter(None, (f"Confirmed: {counts}.", needed_words(found))))
    best = f" The best that was tried: {counts}." if counts else ""
    return [f"No cure is confirmed: {WHY_NOT_CONFIRMED[found.reason]}.{best}"]


def predicted_said(found: Prescription) -> list[str]:
    """What the stored trials promise, a paragraph each, and that it is a prediction."""
    return [*said_of(found), *([UNTRIED] if found.changes else [])]


UNTRIED = "That is a prediction: nobody has run it. confirm.cures=3 tries it on fresh seeds."


def effort_words(found: Cure) -> str:
    """`9 configurations were tried on 52 fresh networks`"""
    networks = counted(sum(one.seeds for one in found.tried), "fresh network")
    tried = counted(len(found.tried), "configuration")
    return f"{tried} {'was' if len(found.tried) == 1 else 'were'} tried on {networks}"


def well_words(tried: Tried) -> str:
    """`3 of 4`"""
    return f"{tried.well} of {tried.seeds}"


def needed_words(found: Cure) -> str:
    """What comes out without each change of a cure; nothing where it has one only, or none was taken back."""
    if len(found.needed) < 2:
        return ""
    without = (
        f"without that of {name} {well_words(one)} seeds are well, and learn {way_words(one)} of the way"
        for name, one in found.needed.items()
    )
    needless = any(one.all_well for one in found.needed.values())  # well on a few seeds, and not on further ones
    return f"{'Taken back one by one' if needless else 'Every change is needed'}: {'; '.join(without)}."
