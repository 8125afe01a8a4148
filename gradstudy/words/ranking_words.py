"""How a row of a ranking, and what a level does, are written: the numbers and short words that every page shares."""

from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.conclusions import EVIDENCE, GOOD_FIT, NO_EFFECT
from gradstudy.words.number_words import fraction, signed


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


SHORT_NAMES = {"Kruskal-Wallis": "KW", "Spearman": "rho", NO_EFFECT: "no effect"}
INDEX_WORDS = (
    "share: total-effect (Sobol) index, of the variance of trial means, alone and together with other factors; own: "
    "first-order index, alone"
)
TEST_WORDS = (
    "test: of one factor at a time, Kruskal-Wallis (KW), Spearman (rho) or a permutation test of means, p after "
    "control of the false discovery rate"
)
INTERVAL_WORDS = (
    "intervals speak of trials and seeds in general, and reach as far as what is unexplained beyond the seeds might be "
    "one factor's"
)
"""How the columns of a ranking are read."""
NO_CAUSE = "No factor beats the noise floor: there is no evidence for a cause here."


def short(words: str) -> str:
    """A test or a verdict in a narrow column."""
    return SHORT_NAMES.get(words, words)


def is_proven(row: Any) -> bool:
    """Whether there is evidence that this row's factor is a cause."""
    return bool(row.verdict == EVIDENCE)


def rough_mark(ranking: Ranking) -> str:
    """`~` before every share of a surrogate that fits badly."""
    return "~" if 0.0 < ranking.fit < GOOD_FIT else ""


def share_words(row: Any, rough: str = "") -> str:
    """`.63 [.50, .73]`, with `?` for a share that nobody knows; `-` where nothing is known."""
    if not np.isfinite(row.share_high):
        return "-"
    share = f"{rough}{fraction(row.share)}" if np.isfinite(row.share) else "?"
    return f"{share} [{fraction(row.share_low)}, {fraction(row.share_high)}]"


def rank_words(row: Any) -> str:
    """`1-3`, or one number where the rank is certain."""
    if pd.isna(row.rank_low) or pd.isna(row.rank_high):
        return "-"
    low, high = int(row.rank_low), int(row.rank_high)
    return str(low) if low == high else f"{low}-{high}"


def significance_words(row: Any) -> str:
    """`KW p=.012`, after false-discovery control."""
    if not np.isfinite(row.p):
        return "-"
    digits = f"{row.p:.3f}" if row.p < 0.1 else f"{row.p:.2f}"
    p = "p<.001" if row.p < 0.001 else f"p={digits.removeprefix('0')}"
    return f"{short(row.test)} {p}"


def trust_words(ranking: Ranking) -> str:
    """What the shares rest on: `128 trials, 22 members diverged, Q2 ... .66, unexplained .09, noise floor .08`"""
    known = {
        "Q2 of the surrogate (cross-validated)": ranking.fit,
        "noise of the seeds": ranking.seed_noise,
        "unexplained": ranking.unexplained,
        "noise floor": ranking.noise_floor,
    }
    shares = "".join(f", {name} {fraction(share)}" for name, share in known.items() if np.isfinite(share))
    return f"{ranking.trials} trials, {ranking.diverged or 'no'} members diverged{shares}"


def direction_words(row: Any) -> str:
    """Which way the factor acts, or why nobody says so, and where a conditional factor was looked at."""
    words = f"{row.factor}: {row.direction if is_proven(row) else row.verdict}"
    return f"{words} (where it lives: {row.trials} trials)" if row.conditional else words
