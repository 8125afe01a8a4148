"""What can and what cannot be concluded from a ranking, in plain words."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from gradstudy.analysis.sources import FEWEST_TRIALS, is_constant

GOOD_FIT = 0.5
"""Below this leave-one-out Q2 the surrogate misses half of what it should predict."""


def empty_note(values: np.ndarray, *, diverged: int, members: int) -> str:
    """Why is there no ranking of these trial means?"""
    every = " Every member diverged." if diverged == members else ""
    if len(values) < FEWEST_TRIALS:
        return f"No ranking: {len(values)} trials, at least {FEWEST_TRIALS} are needed; raise budget.trials.{every}"
    if is_constant(values):
        return f"No ranking: the response is {values[0]:.3g} in every trial, so nothing causes a difference.{every}"
    return f"No ranking: no factor took two values in at least {FEWEST_TRIALS} trials.{every}"


def ranking_note(table: pd.DataFrame, *, level: float, floor: float, fit: float, seed_noise: float) -> str:
    """What can be concluded from this table, and what stands against it?"""
    names, share = table["factor"], table["share"]
    causes, significant = table["evidence"], table["p"] < level
    hidden = causes & ~significant
    partial = table["conditional"] & share.notna()
    doubted = causes & significant & (table["share_low"] <= floor)
    remarks = (
        (True, f"Evidence for: {_list(names[causes]) or 'no factor'}."),
        (hidden.any(), f"Acting mainly through interactions, which the test cannot see: {_list(names[hidden])}."),
        (doubted.any(), f"By the test alone, the share's interval reaches the noise floor: {_list(names[doubted])}."),
        (partial.any(), f"Ranked where they live: {_list(names[partial])}."),
        (share.isna().any(), f"Not ranked, too few trials or values: {_list(names[share.isna()])}."),
        (fit < GOOD_FIT, f"The surrogate predicts left-out trials badly (Q2 {fit:.2f}): shares are rough, add trials."),
        (np.isnan(floor), "Without a dummy factor there is no noise floor: evidence rests on the tests alone."),
        (seed_noise > 0.5, f"Seeds make {seed_noise:.0%} of the variance of trial means: add seeds."),
    )
    return " ".join(remark for holds, remark in remarks if holds)


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
