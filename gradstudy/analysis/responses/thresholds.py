"""The verdicts under other thresholds."""

from collections import Counter
from dataclasses import replace

import pandas as pd

from gradstudy.analysis.responses.member_row import verdict
from gradstudy.analysis.settings import Analysis
from gradstudy.records import VERDICTS

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
