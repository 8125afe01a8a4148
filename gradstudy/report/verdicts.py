"""How many members are healthy, and how many are not?"""

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.text import Text

VERDICTS = ("healthy", "vanishing", "exploding", "diverged")


def verdict_counts(counts: Mapping[str, int]) -> str:
    """How many members got each verdict? `healthy 120, vanishing 88, exploding 20, diverged 28`."""
    return ", ".join(f"{verdict} {counts.get(verdict, 0)}" for verdict in VERDICTS)


def verdict_line(verdicts: Sequence[str]) -> Text:
    """Which share of the members got each verdict? One line, from the verdict of every member."""
    counts = Counter(verdicts)
    words = (f"{verdict} {counts[verdict]} ({_percent(counts[verdict], len(verdicts))})" for verdict in VERDICTS)
    return Text(f"{len(verdicts)} members: " + ", ".join(words))


def _percent(count: int, total: int) -> str:
    share = 100 * count / max(total, 1)
    return "<1 %" if 0 < share < 1 else f"{share:.0f} %"
