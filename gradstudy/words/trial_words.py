"""How trials, verdicts and outcomes are written: levels in a line, and how many members fared how."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from gradstudy.records import DUMMY, FAILING, HEALTHY, STUCK, Level, MemberRows, level_name, trial_verdict
from gradstudy.words.number_words import compact, percent


def levels_words(levels: Mapping[str, Level]) -> str:
    """`activation=tanh, lr.value=0.0123`, numbers with three digits, and without the dummy, which is none."""
    return ", ".join(f"{name}={level_word(level)}" for name, level in levels.items() if name != DUMMY.name)


def level_word(level: Level) -> str:
    """A level as it is read, a number with three digits."""
    return compact(level) if isinstance(level, float) else level_name(level)


HEALTHY_BUT_STUCK = "healthy but stuck"
FATES = (HEALTHY, HEALTHY_BUT_STUCK, *FAILING)
"""What is said of a member, from good to bad: its verdict, but of one that learned nothing never healthy alone."""


def fates(members: pd.DataFrame | MemberRows) -> list[str]:
    """What is said of each of these members."""
    rows: Iterable[Mapping[Any, Any]] = (
        members[["verdict", "outcome"]].to_dict("records") if isinstance(members, pd.DataFrame) else members
    )
    return [_fate(str(row["verdict"]), row["outcome"]) for row in rows]


def trial_fate(members: pd.DataFrame | MemberRows) -> str:
    """What is said of the trial that has these members: its verdict, and that it is stuck where a seed of it is."""
    said = fates(members)
    verdict = trial_verdict(HEALTHY if one == HEALTHY_BUT_STUCK else one for one in said)
    return HEALTHY_BUT_STUCK if verdict == HEALTHY and HEALTHY_BUT_STUCK in said else verdict


def _fate(verdict: str, outcome: str) -> str:
    return HEALTHY_BUT_STUCK if verdict == HEALTHY and outcome == STUCK else verdict


def fate_counts(members: pd.DataFrame | MemberRows) -> dict[str, int]:
    """How many members fared how, from good to bad; of stuck ones only where there are some."""
    counts = Counter(fates(members))
    return {fate: counts[fate] for fate in FATES if counts[fate] or fate != HEALTHY_BUT_STUCK}


def verdicts_words(members: pd.DataFrame | MemberRows) -> str:
    """How many seeds fared how: `2 healthy, 1 healthy but stuck, 1 diverged`."""
    return ", ".join(f"{count} {fate}" for fate, count in fate_counts(members).items() if count)


def verdict_counts(counts: Mapping[str, int]) -> str:
    """How many members fared how, of counts by fate: `healthy 120, vanishing 88, exploding 20, diverged 28`."""
    shown = (fate for fate in FATES if counts.get(fate) or fate != HEALTHY_BUT_STUCK)
    return ", ".join(f"{fate} {counts.get(fate, 0)}" for fate in shown)


def verdict_line(members: pd.DataFrame) -> str:
    """Which share of the members fared how, in one line."""
    words = (f"{fate} {count} ({percent(count, len(members))})" for fate, count in fate_counts(members).items())
    return f"{len(members)} members: " + ", ".join(words)


def threshold_words(row: Mapping[Any, Any]) -> str:
    """The threshold of this row of `verdicts_by_threshold`: `vanishing from 3 (now)`."""
    return f"{row['moved']} from {row['threshold']:g}{' (now)' if row['current'] else ''}"
