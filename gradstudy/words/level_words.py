"""How it is written what a level does."""

from typing import Any

import numpy as np
import pandas as pd

from gradstudy.words.number_words import signed


def digits_of(levels: pd.DataFrame) -> int:
    """With how many digits these differences are read: fewer, the larger they are."""
    largest = np.abs(np.nan_to_num(levels["effect"].to_numpy(dtype=float))).max(initial=0.0)
    return 0 if largest >= 20.0 else 1 if largest >= 1.0 else 2


def effect_words(row: Any, digits: int) -> str:
    """`+2.8 [+1.8, +3.8]`, without an interval where none is known."""
    effect, low, high = (signed(number, digits) for number in (row.effect, row.effect_low, row.effect_high))
    return f"{effect} [{low}, {high}]" if np.isfinite(row.effect_low) else effect


def count_words(row: Any) -> str:
    """`n=43, 7 diverged`; of a time to divergence `n=43, 60 % diverged, half by step 30`."""
    share, median = getattr(row, "share_diverged", np.nan), getattr(row, "median_step", np.nan)
    if np.isfinite(share):
        half = f", half by step {median:.0f}" if np.isfinite(median) else ""
        return f"n={row.trials}, {share:.0%} diverged{half}".replace("%", " %")
    return f"n={row.trials}, {row.diverged} diverged" if row.diverged else f"n={row.trials}"
