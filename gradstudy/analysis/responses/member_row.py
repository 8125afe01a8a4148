"""What is stored of one member: responses, verdict and outcome; the same from stored records, or other thresholds."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.settings import Analysis
from gradstudy.records import HEALTHY, LEARNED, STUCK, UNTRAINED, VERDICTS, MemberRecord
from gradstudy.response import RESPONSES, growth_by_step, loss_by_step, tells_learning


def member_row(record: MemberRecord, settings: Analysis) -> dict[str, Any]:
    """A row of `members`: trial and seed, the responses, verdict and outcome, the first bad step and tensor."""
    measured = {name: response.measure(record, settings) for name, response in RESPONSES.items()}
    return {
        "trial": record.trial,
        "seed": record.seed,
        **measured,
        "verdict": verdict(record, measured, settings),
        "outcome": outcome(record, measured, settings),
        "first_bad_step": record.first_bad_step,
        "first_bad_tensor": record.first_bad_tensor,
    }


def verdict(record: MemberRecord, measured: Mapping[str, float], settings: Analysis) -> str:
    """Healthy, vanishing, exploding or diverged: how the gradients of a member behaved.

    Where both thresholds are met it is what came first in time: a chaotic network explodes at its first step, is thrown
    where its units saturate, and vanishes from then on. Of the same step it is exploding.
    """
    if record.first_bad_step is not None:
        return "diverged"
    vanishing, exploding = measured["vanishing"] >= settings.vanishing, measured["exploding"] >= settings.exploding
    if vanishing and exploding:
        grown, lost = growth_by_step(record, settings) >= settings.exploding, loss_by_step(record) >= settings.vanishing
        return "exploding" if grown.argmax() <= lost.argmax() else "vanishing"
    return "vanishing" if vanishing else "exploding" if exploding else HEALTHY


def outcome(record: MemberRecord, measured: Mapping[str, float], settings: Analysis) -> str:
    """Learned, stuck or untrained: what became of the task, whatever the gradients did."""
    if not tells_learning(record):
        return UNTRAINED
    return LEARNED if measured["learned"] >= settings.learned else STUCK


MEMBER = ["trial", "seed"]


def lacking(members: pd.DataFrame) -> list[int]:
    """The trials in which some member lacks a response: they were measured before it existed."""
    unknown = members.reindex(columns=list(RESPONSES)).isna().any(axis=1)
    return sorted(members.loc[unknown, "trial"].unique().tolist())


def measured_again(
    members: pd.DataFrame, records: Iterable[MemberRecord], settings: Analysis, *, keep: bool
) -> pd.DataFrame:
    """The members with the responses, verdicts and outcomes of their records; missing where no record is left.

    With `keep` what they have stays as it is, and only what they lack is measured. What they `learned` stays missing
    where they are untrained: the record of an older study has no baseline to tell it by.
    """
    rows = [(record.trial, record.seed, *_measured(record, settings)) for record in records]
    names = [*RESPONSES, "verdict", "outcome"]
    fresh = pd.DataFrame(rows, columns=[*MEMBER, *names]).set_index(MEMBER)
    table = members.set_index(MEMBER)
    for name in RESPONSES:
        if name not in table:
            table.insert(list(table).index("verdict"), name, np.nan)
    older = table["learned"].isna() & (table["outcome"] == UNTRAINED)
    table[names] = table[names].fillna(fresh) if keep else fresh
    table.loc[older, "learned"] = np.nan
    return table.fillna({"outcome": UNTRAINED}).reset_index()


def _measured(record: MemberRecord, settings: Analysis) -> tuple[float | str, ...]:
    """The responses in their order, the verdict and the outcome."""
    found = {}
    for name, response in RESPONSES.items():
        try:
            found[name] = response.measure(record, settings)
        except KeyError:  # a quantity that nobody recorded then
            found[name] = float("nan")
    return *found.values(), verdict(record, found, settings), outcome(record, found, settings)


THRESHOLDS = (1.0, 2.0, 3.0, 5.0, 8.0)
"""Decades; those above the cap are left out, and the current one is added."""


def happened(members: pd.DataFrame, settings: Analysis) -> pd.DataFrame:
    """What each member did, of vanishing, exploding and diverged [member, name]: one that went on may have done both.

    Of one that diverged nothing else is said: its gradients ended beyond all bounds.
    """
    ended = members["verdict"] == "diverged"
    return pd.DataFrame(
        {
            "vanishing": (members["vanishing"] >= settings.vanishing) & ~ended,
            "exploding": (members["exploding"] >= settings.exploding) & ~ended,
            "diverged": ended,
        }
    )


def verdicts_by_threshold(members: pd.DataFrame, settings: Analysis) -> pd.DataFrame:
    """The number of members that are healthy, vanish, explode or diverge when one threshold moves and the other stays.

    `members` has the columns vanishing, exploding and verdict. A row per moved threshold: `moved` (vanishing or
    exploding), `threshold` (decades), `current` (whether it is that of `settings`), and a count per verdict. A member
    that does both is counted in both, so that the counts may exceed the members; `both` says in how many.
    """
    rows = []
    for moved, current in (("vanishing", settings.vanishing), ("exploding", settings.exploding)):
        for threshold in sorted({current, *(one for one in THRESHOLDS if one <= settings.cap)}):
            if moved == "vanishing":
                asked = replace(settings, vanishing=threshold)
            else:
                asked = replace(settings, exploding=threshold)
            did = happened(members, asked)
            counts = {**did.sum(), HEALTHY: (~did.any(axis=1)).sum(), "both": (did.sum(axis=1) > 1).sum()}
            row = {"moved": moved, "threshold": threshold, "current": threshold == current}
            rows.append({**row, **{name: int(counts[name]) for name in (*VERDICTS, "both")}})
    return pd.DataFrame(rows)
