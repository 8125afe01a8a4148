"""How is a trial told in a line? Its levels, and what became of its seeds."""

from collections import Counter
from collections.abc import Iterable, Mapping

from gradstudy.records import DUMMY, VERDICTS, Level, level_name


def levels_words(levels: Mapping[str, Level]) -> str:
    """`activation=tanh, lr.value=0.0123`, numbers with three digits, and without the dummy, which is none."""
    return ", ".join(f"{name}={level_word(level)}" for name, level in levels.items() if name != DUMMY.name)


def level_word(level: Level) -> str:
    """A level as it is read, a number with three digits."""
    return f"{level + 0.0:.3g}" if isinstance(level, float) else level_name(level)


def verdicts_words(verdicts: Iterable[str]) -> str:
    """`3 vanishing, 1 diverged`: how many seeds got which verdict?"""
    counts = Counter(verdicts)
    return ", ".join(f"{counts[one]} {one}" for one in VERDICTS if counts[one])
