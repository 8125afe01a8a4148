"""A prescription in plain words, and why there is none."""

from collections.abc import Sequence

from gradstudy.analysis.prescription.cure_search import Cure
from gradstudy.analysis.prescription.neighbours import Support
from gradstudy.analysis.prescription.starting_point import Changes, StartingPoint
from gradstudy.records import Level
from gradstudy.words.ranking_words import percent_words
from gradstudy.words.trial_words import level_word


def change_words(changes: Changes) -> str:
    """What is changed? `activation from sigmoid to relu, optimizer from sgd to adam (with optimizer.eps 0.001)`."""
    made = [f"{name} from {as_told(a)} to {as_told(b)}" for name, (a, b) in changes.items() if None not in (a, b)]
    brought = [f"{name} {as_told(after)}" for name, (before, after) in changes.items() if before is None]
    return ", ".join(made) + (f" (with {', '.join(brought)})" if brought else "")


def support_words(support: Support) -> str:
    """How many stored trials speak for it? `14 of 15 trials like it are healthy (95 % interval 68 to 100 %)`."""
    if not support.trials:
        return "No stored trial is like it"
    interval = f"{percent_words(support.confidence)} interval {100 * support.low:.0f} to {100 * support.high:.0f} %"
    return f"{support.healthy} of {support.trials} trials like it are healthy ({interval})"


def cure_note(start: StartingPoint, changes: Changes, cure: Cure) -> str:
    """What to change, what the stored trials and the surrogate say of it, and what alike means."""
    return (
        f"{_found(start)} {advice(changes, supported=cure.supported)} {support_words(cure.support)}; like it means the "
        f"same {and_list(cure.support.matched)}. {chance_words(cure.chance, cure.low, cure.high)}"
    )


def advice(changes: Changes, *, supported: bool) -> str:
    """What should be done? A guess is called one."""
    if supported:
        return f"Change {change_words(changes)}."
    return f"Nothing is sure enough to be prescribed. A guess worth trying: change {change_words(changes)}."


def chance_words(chance: float, low: float, high: float) -> str:
    """What does the surrogate promise?"""
    best = f"{100 * chance:.0f} %" if chance < 0.995 else "more than 99 %"
    size = f"{best} ({100 * low:.0f} to {100 * high:.0f})" if low < 0.99 else "at least 99 %"
    return f"The surrogate gives it a chance of {size} to be healthy on every seed."


def no_cure_note(start: StartingPoint, reason: str, nearest: int | None, differences: Changes) -> str:
    """Why is nothing prescribed, and what comes nearest?"""
    note = f"{_found(start)} Nothing can be prescribed: {reason}"
    if nearest is None:
        return note
    apart = [f"{factor} ({as_told(before)}, there {as_told(after)})" for factor, (before, after) in differences.items()]
    where = f"It differs in {and_list(apart)}" if apart else "It differs in nothing that is known to decide"
    return f"{note} The nearest healthy trial is {nearest}. {where}; one trial may be luck."


def healthy_note(start: StartingPoint) -> str:
    """What is said of a trial without a failing seed?"""
    return f"{_name(start)} is healthy on every seed: there is nothing to cure."


def _found(start: StartingPoint) -> str:
    if not start.seeds:
        return f"{_name(start)} was not measured."
    return f"{_name(start)} is {start.verdict}: {start.failing} of {start.seeds} seeds fail."


def _name(start: StartingPoint) -> str:
    return "This configuration" if start.trial is None else f"Trial {start.trial}"


def and_list(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`"""
    return " and ".join([*([", ".join(words[:-1])] if len(words) > 1 else []), *words[-1:]])


def as_told(level: Level | None) -> str:
    """A level in a sentence; `none` where the factor does not live."""
    return "none" if level is None else level_word(level)
