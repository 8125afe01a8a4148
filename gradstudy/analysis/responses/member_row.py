"""What is stored of one member: its responses and its verdict; the same from stored records, or other thresholds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.settings import Analysis
from gradstudy.records import VERDICTS, MemberRecord
from gradstudy.response import RESPONSES


def verdict(measured: Mapping[str, float], diverged: bool, settings: Analysis) -> str:
    """Healthy, vanishing, exploding (the larger one, where both thresholds are met) or diverged."""
    if diverged:
        return "diverged"
    thresholds = {"vanishing": settings.vanishing, "exploding": settings.exploding}
    met = [name for name, threshold in thresholds.items() if measured[name] >= threshold]
    return max(met, key=lambda name: measured[name], default="healthy")


def member_row(record: MemberRecord, settings: Analysis) -> dict[str, Any]:
    """A row of `members`: trial and seed, the responses, the verdict, the first bad step and tensor."""
    measured = {name: response.measure(record, settings) for name, response in RESPONSES.items()}
    return {
        "trial": record.trial,
        "seed": record.seed,
        **measured,
        "verdict": verdict(measured, record.first_bad_step is not None, settings),
        "first_bad_step": record.first_bad_step,
        "first_bad_tensor": record.first_bad_tensor,
    }


MEMBER = ["trial", "seed"]


def lacking(members: pd.DataFrame) -> list[int]:
    """The trials in which some member lacks a response: they were measured before it existed."""
    unknown = members.reindex(columns=list(RESPONSES)).isna().any(axis=1)
    return sorted(members.loc[unknown, "trial"].unique().tolist())


def measured_again(
    members: pd.DataFrame, records: Iterable[MemberRecord], settings: Analysis, *, keep: bool
) -> pd.DataFrame:
    """The members with the responses and verdicts of their records; missing where no record is left.

    With `keep` what they have stays as it is, and only what they lack is measured.
    """
    rows = [(record.trial, record.seed, *_measured(record, settings)) for record in records]
    names = [*RESPONSES, "verdict"]
    fresh = pd.DataFrame(rows, columns=[*MEMBER, *names]).set_index(MEMBER)
    table = members.set_index(MEMBER)
    for name in RESPONSES:
        if name not in table:
            table.insert(list(table).index("verdict"), name, np.nan)
    table[names] = table[names].fillna(fresh) if keep else fresh
    return table.reset_index()


def _measured(record: MemberRecord, settings: Analysis) -> tuple[float | str, ...]:
    """The responses in their order, and the verdict."""
    found = {}
    for name, response in RESPONSES.items():
        try:
            found[name] = response.measure(record, settings)
        except KeyError:  # a quantity that nobody recorded then
            found[name] = float("nan")
    return (*found.values(), verdict(found, record.first_bad_step is not None, settings))


THRESHOLDS = (1.0, 2.0, 3.0, 5.0, 8.0)
"""Decades; those above the cap are left out, and the current one is added."""


def verdicts_by_threshold(members: pd.DataFrame, settings: Analysis) -> pd.DataFrame:
    """The number of members that get each verdict when one threshold moves and the other stays.

    `members` has the columns vanishing, exploding and verdict. A row per moved threshold: `moved` (vanishing or
    exploding), `threshold` (decades), `current` (whether it is that of `settings`), and a count per verdict.
    """
    sizes = members[["vanishing", "exploding"]].to_numpy(dtype=float).tolist()
    measured = [{"vanishing": lost, "exploding": grown} for lost, grown in sizes]
    diverged = list(members["verdict"] == "diverged")
    rows = []
    for moved, current in (("vanishing", settings.vanishing), ("exploding", settings.exploding)):
        for threshold in sorted({current, *(one for one in THRESHOLDS if one <= settings.cap)}):
            if moved == "vanishing":
                asked = replace(settings, vanishing=threshold)
            else:
                asked = replace(settings, exploding=threshold)
            counts = Counter(verdict(one, end, asked) for one, end in zip(measured, diverged, strict=True))
            row = {"moved": moved, "threshold": threshold, "current": threshold == current}
            rows.append({**row, **{name: counts[name] for name in VERDICTS}})
    return pd.DataFrame(rows)
