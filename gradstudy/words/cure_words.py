"""How a cure is told: what was changed, on how many fresh seeds it worked, and what came out before."""

from collections.abc import Sequence

from gradstudy.analysis.cure.cure import Cure, NoConfirmation, Tried
from gradstudy.words.number_words import counted, fraction, percent_interval, percent_words
from gradstudy.words.prescription_words import and_list, changes_words

WHY_NOT_CONFIRMED = {
    NoConfirmation.NOT_OVER: "not all that is asked for under these settings has been run",
    NoConfirmation.NOTHING_TO_TRY: "the stored trials suggest nothing to try",
    NoConfirmation.NONE_WELL: "nothing that was tried is well on every seed",
    NoConfirmation.LEARNS_LESS: "what is well learns less than it did before",
    NoConfirmation.NOT_AGAIN: "what was well on a few seeds is not on further ones",
}
"""Why there is no confirmed cure where one is needed."""


def cure_note(found: Cure) -> str:
    """What was changed and how it was tried, in one paragraph; or the best that was tried."""
    name = "No trial has this configuration" if found.trial is None else f"Trial {found.trial} is {found.verdict}"
    if found.reason is None:
        return f"{name}. Change {changes_words(found.changes)}: {counts_words(found)}."
    return f"{name}. {unconfirmed_words(found, found.reason)}"


def unconfirmed_words(found: Cure, reason: NoConfirmation) -> str:
    """Why no cure is confirmed, and the best that was tried; or that none is needed."""
    if reason == NoConfirmation.WELL_BEFORE and found.before is not None:
        luck = "" if found.trial is None else ", so that what failed was a matter of the seeds"
        return f"No cure is needed: it is well on {counted(found.good(found.before), 'fresh seed')} as it is{luck}."
    best = f" The best that was tried: change {changes_words(found.changes)}: {counts_words(found)}."
    return f"No cure is confirmed: {WHY_NOT_CONFIRMED[reason]}.{best if found.after is not None else ''}"


def counts_words(found: Cure) -> str:
    """`8 of 8 fresh seeds well (95 % interval 68 to 100 %), and it learns .81 of the way instead of .02`

    Less where less is known.
    """
    after, before = found.after, found.before
    if after is None:
        return "nothing was tried"
    interval = f"{percent_words(found.confidence)} interval {percent_interval(found.low, found.high)}"
    told = f"{good_words(found, after, 'fresh seed')} {good_kind(found)} ({interval}){_learning_words(found, after)}"
    return told if before is None else f"{told}; before: {good_words(found, before)}"


def good_words(found: Cure, one: Tried, what: str = "") -> str:
    """How many of its seeds count for it: `3 of 4`, `3 of 4 fresh seeds`."""
    return f"{found.good(one)} of {counted(one.seeds, what) if what else one.seeds}"


def good_kind(found: Cure) -> str:
    """What those are."""
    return "healthy" if found.gradients_alone else "well"


def _learning_words(found: Cure, after: Tried) -> str:
    """What it learns, and learned before; nothing where losses tell nothing."""
    if after.learners is None:
        return ""
    way = f"{way_words(after)} of the way" + (f" instead of {way_words(found.before)}" if found.before else "")
    if not found.gradients_alone:
        return f", and it learns {way}"
    return (
        f", of which {after.learners} learned ({way})" if after.learners else f", but it still learns nothing ({way})"
    )


def way_words(tried: Tried) -> str:
    """`.81`, and `-` where nobody knows."""
    return fraction(tried.learned) if tried.learners is not None else "-"


def cures_words(found: Sequence[Cure]) -> str:
    """For which kinds of failing networks a cure is confirmed, and for which none; nothing where none were tried.

    `For the typical stuck and diverged network a cure is confirmed on fresh seeds, for the vanishing one of its
    gradients alone; for the exploding one none is.`
    """
    tried = [one for one in found if one.tried]
    cured = [one.verdict for one in tried if one.confirmed and not one.gradients_alone]
    alone = [one.verdict for one in tried if one.gradients_alone]
    others = [one.verdict for one in tried if not one.confirmed]
    if not cured and not alone:
        return f"For the typical {and_list(others)} network no cure is confirmed." if others else ""
    said = f"For the typical {and_list(cured or alone)} network a cure"
    said += " is confirmed on fresh seeds" if cured else " of its gradients alone is confirmed on fresh seeds"
    said += f", for the {and_list(alone)} one of its gradients alone" if cured and alone else ""
    return said + (f"; for the {and_list(others)} one none is." if others else ".")
