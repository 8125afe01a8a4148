"""How a cure is told: what was changed, on how many fresh seeds it worked, and what came out before."""

from collections.abc import Sequence

from gradstudy.analysis.cure.cure import Cure, NoConfirmation, Tried
from gradstudy.words.number_words import fraction, percent_interval, percent_words
from gradstudy.words.prescription_words import and_list, changes_words

WHY_NOT_CONFIRMED = {
    NoConfirmation.NOT_OVER: "not all of it has been run yet",
    NoConfirmation.NOTHING_TO_TRY: "the stored trials suggest nothing to try",
    NoConfirmation.WELL_BEFORE: "it is well on fresh seeds as it is: what failed was a matter of the seeds",
    NoConfirmation.NONE_WELL: "nothing that was tried is well on every seed",
    NoConfirmation.LEARNS_LESS: "what is well learns less than it did before",
    NoConfirmation.NOT_AGAIN: "what was well on a few seeds is not on further ones",
}
"""Why there is no confirmed cure."""


def cure_note(found: Cure) -> str:
    """What was changed and how it was tried, in one paragraph; or the best that was tried."""
    name = "This configuration" if found.trial is None else f"Trial {found.trial}"
    if found.confirmed:
        return f"{name} is {found.verdict}. Change {changes_words(found.changes)}: {counts_words(found)}."
    best = (
        f" The best that was tried: change {changes_words(found.changes)}: {counts_words(found)}."
        if found.after
        else ""
    )
    reason = WHY_NOT_CONFIRMED[found.reason] if found.reason is not None else ""
    return f"{name} is {found.verdict}. No cure is confirmed: {reason}.{best}"


def counts_words(found: Cure) -> str:
    """`8 of 8 fresh seeds well (95 % interval 68 to 100 %), and it learns .81 of the way instead of .02`

    Less where less is known.
    """
    after, before = found.after, found.before
    if after is None:
        return "nothing was tried"
    interval = f"{percent_words(found.confidence)} interval {percent_interval(found.low, found.high)}"
    way = f"{way_words(after)} of the way" + (f" instead of {way_words(before)}" if before is not None else "")
    if found.gradients_alone:
        learning = f"of which {after.well} learned" if after.well else "but it still learns nothing"
        told, good = f"{after.healthy} of {after.seeds} fresh seeds healthy ({interval}), {learning} ({way})", "healthy"
    else:
        told, good = f"{after.well} of {after.seeds} fresh seeds well ({interval}), and it learns {way}", "well"
    return told if before is None else f"{told}; before: {getattr(before, good)} of {before.seeds}"


def way_words(tried: Tried) -> str:
    """`.81`, and `-` where nobody knows."""
    return fraction(tried.learned)


ALONE = " (of its gradients alone)"


def cures_words(found: Sequence[Cure]) -> str:
    """For which kinds of failing networks a cure is confirmed, and for which none; nothing where none were tried.

    `For the typical vanishing and diverged network a cure is confirmed on fresh seeds; for the exploding one none is.`
    """
    tried = [one for one in found if one.tried]
    cured = [f"{one.verdict}{ALONE if one.gradients_alone else ''}" for one in tried if one.confirmed]
    others = [one.verdict for one in tried if not one.confirmed]
    if not cured:
        return f"For the typical {and_list(others)} network no cure is confirmed." if others else ""
    rest = f"; for the {and_list(others)} one none is" if others else ""
    return f"For the typical {and_list(cured)} network a cure is confirmed on fresh seeds{rest}."
