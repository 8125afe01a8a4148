"""What does each level of a proven cause do, against the reference level? A few lines per factor."""

from typing import Any

import numpy as np
import pandas as pd
from rich.console import Group, RenderableType
from rich.padding import Padding

from gradstudy.report.plain import plain_text

LEGEND = "own: share without others; n: trials; by: difference of the means [95 %]."


def level_lines(said: str, levels: pd.DataFrame, *, digits: int) -> RenderableType:
    """What is said of a factor, and below it what its `levels` (rows of `Ranking.levels`) do, with so many digits.

    `against tanh (n=43, 7 diverged): relu by +2.8 [+1.8, +3.8] (n=43, 22 diverged)`
    """
    seen = levels[levels["trials"] > 0]
    others = [f"{row.level} by {_effect(row, digits)} {_count(row)}" for row in seen[~seen["reference"]].itertuples()]
    if not others:
        return plain_text(said)
    first = next(seen[seen["reference"]].itertuples())
    words = f"against {first.level} {_count(first)}: {'; '.join(others)}"
    return Group(plain_text(said), Padding(plain_text(words), (0, 0, 0, 2)))


def digits_of(levels: pd.DataFrame) -> int:
    """With how many digits are these differences read? Fewer, the larger they are."""
    largest = np.abs(np.nan_to_num(levels["effect"].to_numpy(dtype=float))).max(initial=0.0)
    return 0 if largest >= 20.0 else 1 if largest >= 1.0 else 2


def _effect(row: Any, digits: int) -> str:
    effect, low, high = (_signed(number, digits) for number in (row.effect, row.effect_low, row.effect_high))
    return f"{effect} [{low}, {high}]" if np.isfinite(row.effect_low) else effect


def _signed(number: float, digits: int) -> str:
    return f"{round(number, digits) + 0.0:+.{digits}f}"  # + 0.0: no negative zero


def _count(row: Any) -> str:
    """`(n=43, 7 diverged)`; of a time to divergence `(n=43, 60 % diverged, half by step 30)`."""
    share, median = getattr(row, "share_diverged", np.nan), getattr(row, "median_step", np.nan)
    if np.isfinite(share):
        half = f", half by step {median:.0f}" if np.isfinite(median) else ""
        return f"(n={row.trials}, {share:.0%} diverged{half})".replace("%", " %")
    return f"(n={row.trials}, {row.diverged} diverged)" if row.diverged else f"(n={row.trials})"
