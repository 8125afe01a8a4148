"""How is a row of a ranking written? The numbers and short words that every page shares."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gradstudy.analysis.ranking.evidence import EVIDENCE, GOOD_FIT, NO_EFFECT

if TYPE_CHECKING:  # a ranking shows itself in these words
    from gradstudy.analysis.ranking.ranking import Ranking

SHORT_NAMES = {"Kruskal-Wallis": "KW", "Spearman": "rho", NO_EFFECT: "no effect"}
SMALLEST_SHARE = 0.005
NO_CAUSE = "No factor beats the noise floor: there is no evidence for a cause here."


def fraction(number: float) -> str:
    """How is written what seldom exceeds 1? With two digits and no leading zero, `.47`; `-` where it is no number."""
    if not np.isfinite(number):
        return "-"
    digits = f"{abs(number):.2f}"
    return ("-" if number < 0 and digits != "0.00" else "") + digits.removeprefix("0")


def percent_words(share: float) -> str:
    """How is written what somebody chose, such as a confidence? With all of its digits: `95 %`, `99.5 %`."""
    return f"{100 * share:g} %"


def visible(share: float) -> str:
    """A share in a crowd of others: `.47`, and nothing where it would read as nothing."""
    return fraction(share) if share >= SMALLEST_SHARE else ""


def short(words: str) -> str:
    """A test or a verdict in a narrow column."""
    return SHORT_NAMES.get(words, words)


def is_proven(row: Any) -> bool:
    """Is there evidence that this row's factor is a cause?"""
    return row.verdict == EVIDENCE


def rough_mark(ranking: "Ranking") -> str:
    """`~` before every share of a surrogate that fits badly."""
    return "~" if 0.0 < ranking.fit < GOOD_FIT else ""


def share_words(row: Any, rough: str = "") -> str:
    """`.63 [.50, .73]`; `?` for a share that nobody knows, `-` where nothing is known."""
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


def trust_words(ranking: "Ranking") -> str:
    """What do the shares rest on? `128 trials, 22 members diverged, Q2 ... .66, noise floor .08`"""
    known = {
        "Q2 of the surrogate (cross-validated)": ranking.fit,
        "noise of the seeds": ranking.seed_noise,
        "noise floor": ranking.noise_floor,
    }
    shares = "".join(f", {name} {fraction(share)}" for name, share in known.items() if np.isfinite(share))
    return f"{ranking.trials} trials, {ranking.diverged or 'no'} members diverged{shares}"


def direction_words(row: Any) -> str:
    """Which way the factor acts, or why nobody says so, and where a conditional factor was looked at."""
    words = f"{row.factor}: {row.direction if is_proven(row) else row.verdict}"
    return f"{words} (where it lives: {row.trials} trials)" if row.conditional else words
