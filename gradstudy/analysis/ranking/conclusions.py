"""What can and what cannot be concluded from a ranking, in plain words."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from gradstudy.analysis.ranking.attribution import FEWEST_TRIALS, is_constant
from gradstudy.analysis.ranking.evidence import GOOD_FIT, NO_EFFECT, NOISE_FLOOR, NOT_RANKED, Weighed
from gradstudy.analysis.settings import Analysis
from gradstudy.response import TIME


def empty_note(response: str, values: np.ndarray, *, diverged: int, members: int) -> str:
    """Why is there no ranking of these trial means (for a time: steps)?"""
    every = " Every member diverged." if diverged == members else ""
    if response == TIME and not diverged:
        return f"No ranking: no member diverged, all {members} lasted to the end; nothing causes a difference."
    if len(values) < FEWEST_TRIALS:
        return f"No ranking: {len(values)} trials, at least {FEWEST_TRIALS} are needed; raise budget.trials.{every}"
    if is_constant(values):
        return f"No ranking: the response is {values[0]:.3g} in every trial, so nothing causes a difference.{every}"
    return f"No ranking: no factor took two values in at least {FEWEST_TRIALS} trials.{every}"


def ranking_note(
    response: str, table: pd.DataFrame, weighed: Weighed, *, settings: Analysis, fit: float, floor: float, noise: float
) -> str:
    """What can be concluded from this table, and what stands against it? `weighed` holds its factors in any order."""
    remarks = (
        *_about_factors(table, weighed, settings, floor),
        *_about_fit(fit),
        (np.isnan(floor), "Without a dummy factor there is no noise floor: evidence rests on the tests alone."),
        (noise > 0.5, f"Seeds make {noise:.0%} of the variance of trial means: add seeds."),
        (response == TIME, "Shares and tests are of log-rank scores: what never diverged counts as lasting longest."),
    )
    return " ".join(remark for holds, remark in remarks if holds)


def _about_factors(table: pd.DataFrame, weighed: Weighed, settings: Analysis, floor: float) -> list[tuple[bool, str]]:
    names, causes = table["factor"], table["evidence"]
    ranked, nowhere = table["verdict"] != NOT_RANKED, table["trials"] == 0
    tested = table["p"] < 1.0 - settings.confidence
    silent, together = causes & ~tested, table["first"] < table["share"] / 2
    near_floor = causes & tested & (table["share_low"] <= floor) & weighed.fits
    said = {
        f"Evidence of no effect (share below {settings.negligible:g})": table["verdict"] == NO_EFFECT,
        "Acting mainly through interactions, which the test cannot see": silent & together,
        "Seen by the surrogate, while the test, which knows one factor at a time, is not sure": silent & ~together,
        "By the test alone, the share's interval reaches the noise floor": near_floor,
        "Suspected by a surrogate that fits too badly to prove it": names.isin(weighed.names[weighed.unproven]),
        "Assigned hand in hand with another factor, so that the test alone proves nothing": names.isin(
            weighed.names[weighed.tied]
        ),
        "Ranked where they live": table["conditional"] & ranked & (table["verdict"] != NOISE_FLOOR),
        "Not ranked, absent from every trial": nowhere,
        "Not ranked, too few trials or values": ~ranked & ~nowhere,
    }
    about = [(bool(which.any()), f"{words}: {_list(names[which])}.") for words, which in said.items()]
    return [(True, f"Evidence for: {_list(names[causes]) or 'no factor'}."), *about]


def _about_fit(fit: float) -> list[tuple[bool, str]]:
    blind = "no better than their mean does: it knows no shares and no ranks, evidence rests on the tests alone"
    words = blind if fit <= 0.0 else "badly: shares are rough"
    return [(fit < GOOD_FIT, f"The surrogate predicts left-out trials (Q2 {fit:.2f}) {words}; add trials.")]


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
