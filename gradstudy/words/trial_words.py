"""How trials and verdicts are written: levels in a line, and how many members fared how."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gradstudy.records import DUMMY, VERDICTS, Level, level_name
from gradstudy.words.number_words import compact, percent


def levels_words(levels: Mapping[str, Level]) -> str:
    """`activation=tanh, lr.value=0.0123`, numbers with three digits, and without the dummy, which is none."""
    return ", ".join(f"{name}={level_word(level)}" for name, level in levels.items() if name != DUMMY.name)


def level_word(level: Level) -> str:
    """A level as it is read, a number with three digits."""
    return compact(level) if isinstance(level, float) else level_name(level)


def verdicts_words(verdicts: Iterable[str]) -> str:
    """How many seeds got which verdict: `3 vanishing, 1 diverged`."""
    counts = Counter(verdicts)
    return ", ".join(f"{counts[one]} {one}" for one in VERDICTS if counts[one])


def verdict_counts(counts: Mapping[str, int]) -> str:
    """How many members got each verdict: `healthy 120, vanishing 88, exploding 20, diverged 28`."""
    return ", ".join(f"{verdict} {counts.get(verdict, 0)}" for verdict in VERDICTS)


def verdict_line(verdicts: Sequence[str]) -> str:
    """Which share of the members got each verdict, in one line, from the verdict of every member."""
    counts = Counter(verdicts)
    words = (f"{verdict} {counts[verdict]} ({percent(counts[verdict], len(verdicts))})" for verdict in VERDICTS)
    return f"{len(verdicts)} members: " + ", ".join(words)


def threshold_words(row: Mapping[Any, Any]) -> str:
    """The threshold of this row of `verdicts_by_threshold`: `vanishing from 3 (now)`."""
    return f"{row['moved']} from {row['threshold']:g}{' (now)' if row['current'] else ''}"
