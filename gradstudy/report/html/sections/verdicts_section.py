"""How many members are healthy, what other thresholds would say, and when members diverged."""

from collections import Counter
from typing import Any

import pandas as pd
from markupsafe import Markup

from gradstudy.analysis.prescription.experience import trial_health
from gradstudy.records import VERDICTS
from gradstudy.report.findings import Findings
from gradstudy.report.rendering import render
from gradstudy.words.trial_words import fate_counts

MOST_TENSORS = 5


def verdicts_section(findings: Findings) -> Markup:
    """How many members got which verdict, under these thresholds and others, and when they diverged."""
    members = findings.run.searched
    health = trial_health(members)
    return render(
        "verdicts.html",
        counts=fate_counts(members),
        total=len(members),
        trials=len(health),
        healthy=int(health["healthy"].sum()),
        stuck=int((health["healthy"] & ~health["well"]).sum()),
        failing=int((health["failing"] == health["seeds"]).sum()),
        thresholds=findings.thresholds.to_dict("records"),
        verdicts=VERDICTS,
        settings=findings.run.settings,
        diverged=_divergence(members),
    )


def _divergence(members: pd.DataFrame) -> dict[str, Any] | None:
    """When members diverged, and what was not finite first; None where none did."""
    bad = members[members["first_bad_step"].notna()]
    if bad.empty:
        return None
    steps = bad["first_bad_step"].astype(int)
    tensors = Counter(bad["first_bad_tensor"].fillna("unknown")).most_common()
    others = sum(count for _, count in tensors[MOST_TENSORS:])
    return {
        "members": len(bad),
        "trials": bad["trial"].nunique(),
        "first": steps.min(),
        "median": steps.median(),
        "last": steps.max(),
        "tensors": [*tensors[:MOST_TENSORS], *([("another", others)] if others else [])],
    }
