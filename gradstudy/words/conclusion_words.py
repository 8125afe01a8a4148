"""What can and what cannot be concluded from a ranking, and from theory beside measurement, in plain words."""

from collections.abc import Iterator

import numpy as np

from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.conclusions import FEWEST_TRIALS, GOOD_FIT, NO_EFFECT, NO_EVIDENCE, NOISE_FLOOR, NOT_RANKED
from gradstudy.response import RANKED, TIME
from gradstudy.words.number_words import compact, rounded

MOST_IN_LINE = 3
"""Threes of factors that are named."""


def ranking_note(ranking: Ranking) -> str:
    """What can be concluded, and what stands against it; or why there is no ranking."""
    remarks = [_why_empty(ranking)] if ranking.table.empty else [*_about_factors(ranking), *_about_trust(ranking)]
    if ranking.diverged == ranking.members > 0:
        remarks.append("Every member diverged.")
    if ranking.left_out:
        trials = "1 trial is" if ranking.left_out == 1 else f"{ranking.left_out} trials are"
        remarks.append(
            f"{trials} left out: {ranking.response} was not measured there, and no record is left to measure it from."
        )
    return " ".join(remarks)


def _why_empty(ranking: Ranking) -> str:
    if ranking.response == TIME and not ranking.diverged:
        lasted = f"all {ranking.members} lasted to the end"
        return f"No ranking: no member diverged, {lasted}; nothing causes a difference."
    if ranking.trials < FEWEST_TRIALS:
        return f"No ranking: {ranking.trials} trials, at least {FEWEST_TRIALS} are needed; raise budget.trials."
    if ranking.constant is not None:
        return (
            f"No ranking: the response is {compact(ranking.constant)} in every trial, so nothing causes a difference."
        )
    if ranking.moves is not None:
        moves = f"{ranking.moves:.2g} {RANKED[ranking.response].amount_unit}"
        return f"No ranking: {ranking.response} moves by {moves} in all, and there is nothing to rank."
    return f"No ranking: no factor took two values in at least {FEWEST_TRIALS} trials."


def _about_factors(ranking: Ranking) -> Iterator[str]:
    table = ranking.table
    names, causes = table["factor"], table["evidence"]
    ranked, nowhere = table["verdict"] != NOT_RANKED, table["trials"] == 0
    tested = table["p"] < 1.0 - ranking.confidence
    unused = tested & (table["verdict"] == NO_EVIDENCE) & ~names.isin(ranking.tied)
    silent, together = causes & ~tested, table["first"] < table["share"] / 2
    near_floor = causes & tested & (table["share_low"] <= ranking.noise_floor) & (ranking.fit >= GOOD_FIT)
    said = {
        f"Evidence of no effect (share below {ranking.negligible:g})": table["verdict"] == NO_EFFECT,
        "Acting mainly through interactions, which the test cannot see": silent & together,
        "Seen by the surrogate, while the test, which knows one factor at a time, is not sure": silent & ~together,
        "Seen by the test, but of no use to a surrogate that fits (it may follow a product of causes)": unused,
        "By the test alone, the share's interval reaches the noise floor": near_floor,
        "Suspected by a surrogate that fits too badly to prove it": names.isin(ranking.unproven),
        "Assigned hand in hand with another factor, so that the test alone proves nothing": names.isin(ranking.tied),
        "Ranked where they live": table["conditional"] & ranked & (table["verdict"] != NOISE_FLOOR),
        "Not ranked, absent from every trial": nowhere,
        "Not ranked, too few trials or values": ~ranked & ~nowhere,
    }
    yield f"Evidence for: {', '.join(names[causes]) or 'no factor'}."
    yield from (f"{words}: {', '.join(names[which])}." for words, which in said.items() if which.any())
    in_line = [" x ".join(three) for three in ranking.in_line if causes[names.isin(three)].any()]
    if in_line:
        more = f" and {len(in_line) - MOST_IN_LINE} more" if len(in_line) > MOST_IN_LINE else ""
        yield (
            "Assigned in line with the product of two others, so that what one seems to do the other two may do "
            f"together: {', '.join(in_line[:MOST_IN_LINE])}{more}."
        )


def _about_trust(ranking: Ranking) -> Iterator[str]:
    if ranking.fit < GOOD_FIT:
        blind = "no better than their mean does: it knows no shares and no ranks, evidence rests on the tests alone"
        words = blind if ranking.fit <= 0.0 else "badly: shares are rough"
        yield f"The surrogate predicts left-out trials (Q2 {rounded(ranking.fit, 2)}) {words}; add trials."
    elif ranking.unexplained >= ranking.negligible:
        yield (
            f"The surrogate leaves {100 * ranking.unexplained:.0f} % of the variance unexplained beyond the noise of "
            "the seeds: it may be any factor's, so of none is it said to have no effect."
        )
    if np.isnan(ranking.noise_floor):
        yield "Without a dummy factor there is no noise floor: evidence rests on the tests alone."
    if ranking.seed_noise > 0.5:
        yield f"Seeds make {100 * ranking.seed_noise:.0f} % of the variance of trial means: add seeds."
    if ranking.response == TIME:
        yield "Shares and tests are of log-rank scores: what never diverged counts as lasting longest."


def agreement_note(*, predicted: int, silent: int, beyond: int, r2: float, rmse: float) -> str:
    """For how many trials theory speaks, how far off it is in decades, and how many of them have no size."""
    remarks = (
        (True, f"Theory predicts gain_init for {predicted} of {predicted + silent} trials"),
        (np.isfinite(r2), f", R2 {rounded(r2, 4)}"),
        (np.isfinite(rmse), f", off by {rmse:.2f} decades (RMS)"),
        (True, "."),
        (beyond, f" Left out, for a signal of exactly 0 or beyond float64: {beyond} of them."),
    )
    return "".join(remark for holds, remark in remarks if holds)
