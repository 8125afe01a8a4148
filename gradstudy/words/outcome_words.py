"""How it is told whether networks learned: against what whoever disregards the inputs scores."""

from collections import Counter

import pandas as pd

from gradstudy.analysis.responses.outcomes import enough_budget
from gradstudy.records import HEALTHY, LEARNED, OUTCOMES, UNTRAINED
from gradstudy.words.number_words import counted, percent_words

BASELINE_WORDS = "the loss of the task's baseline, which is what whoever disregards the inputs scores"


def outcomes_words(members: pd.DataFrame) -> str:
    """How many seeds learned: `3 learned, 1 stuck`."""
    counts = Counter(members["outcome"])
    return ", ".join(f"{counts[one]} {one}" for one in OUTCOMES if counts[one])


def learning_words(members: pd.DataFrame, steps: int, needed: float) -> str:
    """How many members are healthy and learned, and how many healthy ones did not; empty where nobody knows.

    Where no trial did, the budget was too short for anybody: it says so, and what to do; unless most members have
    gradients that would explain it.
    """
    known = members[members["outcome"] != UNTRAINED]
    if known.empty:
        return ""
    healthy, learned = known["verdict"] == HEALTHY, known["outcome"] == LEARNED
    if not enough_budget(known):
        few = f"No trial learned on every seed, though {counted(int(learned.sum()), 'member')} of {len(known)} did"
        who = few if learned.any() else "No member learned"
        ill = int((~healthy).sum())
        if 2 * ill > len(known):
            why = (
                f"The gradients of {ill} of {len(known)} members are not healthy, which may be why; whether "
                f"{counted(steps, 'step')} would be enough nobody can tell, so being stuck is held against none."
            )
        else:
            why = (
                f"{counted(steps, 'step')} are too short for anybody, so being stuck is held against none: raise "
                "budget.steps, or vary lr.value and optimizer."
            )
        return f"{who}: that takes {percent_words(needed)} of the way to 0 from {BASELINE_WORDS}. {why}"
    kinds = (healthy & learned, healthy & ~learned, learned & ~healthy)
    fine, stuck, others = (int(which.sum()) for which in kinds)
    nothing = f"; {stuck} {_are(stuck)} healthy but learned nothing, stuck at {BASELINE_WORDS}" if stuck else ""
    also = f"; {others} learned though {'its' if others == 1 else 'their'} gradients are not healthy" if others else ""
    return f"Of {len(known)} members {fine or 'none'} {_are(fine)} healthy and learned{nothing}{also}."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
