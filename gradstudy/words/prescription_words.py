"""How a prescription is written: what to change and what speaks for it, or why nothing is advised."""

from collections.abc import Sequence

from gradstudy.analysis.prescription.neighbours import Support
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.conclusions import FEWEST_TRIALS, MOST_CHANGES, Changes, NoCure
from gradstudy.records import HEALTHY, Level
from gradstudy.words.number_words import percent_interval, percent_words
from gradstudy.words.trial_words import level_word, levels_words

WHY_NOT = {
    NoCure.NONE_HEALTHY: "none of the {} trials is well on every seed, so nothing shows what would be.",
    NoCure.TOO_FEW: f"{{}} trials are too few, at least {FEWEST_TRIALS} are needed; raise budget.trials.",
    NoCure.NOTHING_DECIDES: "no factor is known to decide who is well; more trials may show it.",
    NoCure.UNSURE: f"no change of up to {MOST_CHANGES} factors is sure enough, by what the stored trials say.",
}
"""Why nothing is prescribed, by so many trials."""


def prescription_note(found: Prescription) -> str:
    """What to change and all that is known for it, in one paragraph; or why nothing is prescribed."""
    name = "This configuration" if found.trial is None else f"Trial {found.trial}"
    if found.verdict == HEALTHY:
        return f"{name} is healthy on every seed: there is nothing to cure."
    fails = f"is {found.verdict}: {found.failing} of {found.seeds} seeds fail" if found.seeds else "was not measured"
    if found.reason is not None:
        reason = WHY_NOT[found.reason].format(found.screened)
        return f"{name} {fails}. Nothing can be prescribed: {reason}{_nearest_words(found)}"
    alike = f"; like it means the same {and_list(found.support.matched)}" if found.support is not None else ""
    return f"{name} {fails}. {_advice(found)} {_support_words(found.support)}{alike}.{_chance_words(found)}"


def title_words(found: Prescription) -> str:
    """`Typical of vanishing: trial 40, activation=relu, init=default`"""
    return f"Typical of {found.verdict}: trial {found.trial}, {levels_words(found.levels)}"


def said_of(found: Prescription) -> list[str]:
    """What to change and what speaks for it, a paragraph each; or why there is no advice."""
    if not found.changes:
        return [prescription_note(found)]
    return [_advice(found), f"{_support_words(found.support)}.{_chance_words(found)}"]


def and_list(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`"""
    return " and ".join([*([", ".join(words[:-1])] if len(words) > 1 else []), *words[-1:]])


def as_told(level: Level | None) -> str:
    """A level in a sentence; `none` where the factor does not live."""
    return "none" if level is None else level_word(level)


def changes_words(changes: Changes) -> str:
    """`activation from sigmoid to relu, optimizer from sgd to adam (with optimizer.eps 0.001)`"""
    pairs = changes.items()
    made = [f"{name} from {as_told(a)} to {as_told(b)}" for name, (a, b) in pairs if None not in (a, b)]
    brought = [f"{name} {as_told(after)}" for name, (before, after) in pairs if before is None]
    return ", ".join(made) + (f" (with {', '.join(brought)})" if brought else "")


def _advice(found: Prescription) -> str:
    """`Change activation from sigmoid to relu, optimizer from sgd to adam (with optimizer.eps 0.001).`"""
    changes = changes_words(found.changes)
    if found.supported:
        return f"Change {changes}."
    return f"Nothing is sure enough to be prescribed. A guess worth trying: change {changes}."


def _support_words(support: Support | None) -> str:
    """`14 of 15 trials like it are well (95 % interval 68 to 100 %)`"""
    if support is None or not support.trials:
        return "No stored trial is like it"
    interval = f"{percent_words(support.confidence)} interval {percent_interval(support.low, support.high)}"
    return f"{support.healthy} of {support.trials} trials like it are well ({interval})"


def _chance_words(found: Prescription) -> str:
    """The surrogate's chance, of a prescription only: where no stored trials bear it out, it promises too much."""
    if not found.supported:
        return ""
    low, high = found.chance_low, found.chance_high
    best = f"{100 * found.chance:.0f} %" if found.chance < 0.995 else "more than 99 %"
    size = f"{best} ({100 * low:.0f} to {100 * high:.0f})" if low < 0.99 else "at least 99 %"
    return f" The surrogate gives it a chance of {size} to be well on every seed."


def _nearest_words(found: Prescription) -> str:
    """What the nearest healthy trial has instead, where there is one."""
    if found.nearest is None:
        return ""
    apart = [
        f"{name} ({as_told(before)}, there {as_told(after)})" for name, (before, after) in found.differences.items()
    ]
    where = f"It differs in {and_list(apart)}" if apart else "It differs in nothing that is known to decide"
    return f" The nearest one that is well is trial {found.nearest}. {where}; one trial may be luck."
