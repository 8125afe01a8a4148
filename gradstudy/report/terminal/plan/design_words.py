"""What does a design promise? Its quality, and what it can find, in words of a plan."""

from math import isfinite

import numpy as np

from gradstudy.analysis.ranking.power import Power
from gradstudy.conclusions import FEWEST_TRIALS
from gradstudy.search.screen.quality import Association, Quality
from gradstudy.words.number_words import fraction

SCATTER = 3.0
"""Decades by which trials scatter in the example: what studies of depth and activation came out at."""


def quality_words(quality: Quality) -> str:
    """How balanced, how even, how uncorrelated?"""
    uneven = max((most - fewest for fewest, most in quality.balance.values()), default=0)
    correlations = (
        ("strongest correlation of two factors", quality.everywhere, ""),
        ("of a factor that lives in some trials only", quality.conditional, " in {} trials"),
    )
    return "; ".join(
        [
            f"trials per level differ by {uneven} at most" if uneven else "every level of a factor equally often",
            _evenness(quality),
            *(f"{words} {_pair(found, where)}" for words, found, where in correlations if found),
        ]
    )


def findable(power: Power, factor: str) -> str:
    """The smallest share that can be found of this factor, in brackets that of a U-shape; `-` where there is none."""
    row = power.table[power.table["factor"] == factor].iloc[0]
    share, u_shape = float(row["share"]), float(row["u_shape"])
    return small_share_words(share) + (f" ({small_share_words(u_shape)})" if isfinite(u_shape) else "")


def power_words(power: Power) -> str:
    """How are the shares to be read that can be found?"""
    trials, shares = int(power.table["trials"].max()), power.table["share"].dropna()
    if trials < FEWEST_TRIALS:
        return f"can find: nothing, a ranking takes at least {FEWEST_TRIALS} trials; raise budget.trials."
    if shares.empty:
        return f"can find: no effect can be counted on to be found in {trials} trials; raise budget.trials."
    example = float(np.median(shares))
    difference = 2 * np.sqrt(example) * SCATTER
    in_brackets = " (in brackets: if the middle of its range differs from both ends)"
    brackets = in_brackets if power.table["u_shape"].notna().any() else ""
    return (
        f"can find: the smallest share of the variance of trial means that {100 * power.power:g} % of such studies "
        f"would find, if a factor has it by itself{brackets}. If trials scatter by {SCATTER:g} decades (standard "
        f"deviation), a share of {small_share_words(example)} is {difference:.1f} decades between two halves of the "
        "trials. What a factor does only together with others is not counted, and may be found with more or with less."
    )


def small_share_words(share: float) -> str:
    """Two digits that count, `.12` or `.0016`; `-` where it is no number."""
    if not isfinite(share) or share >= 0.095:
        return fraction(share)
    return f"{share:.2g}".removeprefix("0")


def _evenness(quality: Quality) -> str:
    if quality.discrepancy < 1e-12:
        return "perfectly even"
    return f"{quality.chance / quality.discrepancy:.2g} times as even as random trials"


def _pair(found: Association, where: str) -> str:
    return f"{fraction(found.strength)} ({found.first} with {found.second}{where.format(found.trials)})"
