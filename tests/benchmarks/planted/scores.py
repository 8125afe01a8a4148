"""How good is what a method said, beside the truth?

A finding is one line of the results file: the row, n, seed and method, its seconds, and `table`, which maps every
factor to what was said of it: `importance`, and from gradstudy `evidence`, `verdict` and the ends of its intervals.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.ranking.ranking import rank
from gradstudy.analysis.settings import DEFAULTS
from gradstudy.conclusions import NO_EFFECT
from gradstudy.records import DUMMY
from planted.truths import Planted, truths

Finding = Mapping[str, Any]
INTERVALS = ("share", "first", "rank")
SCORES = {
    "top-1": "the true main cause, or one of several, came out first (%)",
    "top-3": "the true top 3 (or all causes, where fewer) came out as the top 3, in any order (%)",
    "tau": "Kendall's tau to the true shares (x 100), over pairs of factors whose true shares differ",
    "alarms": "null factors said to matter (%): gradstudy `evidence`; elsewhere more important than the dummy, which "
    "chance alone gives 50 % of them",
    "false": "studies in which that is said of any null factor (%), of those that have one",
    "seconds": "seconds per ranking",
}


def gradstudy(planted: Planted, seed: int) -> dict[str, dict[str, Any]]:
    """What does gradstudy say of every factor? Missing numbers where it does not rank."""
    table = rank(planted.members, planted.factors, planted.response, seed=seed).table.set_index("factor")
    ends = [f"{name}_{end}" for name in INTERVALS for end in ("low", "high") if f"{name}_{end}" in table]
    shown = table[["share", "evidence", "verdict", *ends]].rename(columns={"share": "importance"}).astype(object)
    return shown.where(shown.notna(), None).to_dict("index")


def score(finding: Finding) -> dict[str, Any]:
    """The scores of one finding, from 0 to 1 each; none for what a method does not say."""
    truth, first = truths(finding["row"])
    table = finding["table"]
    said = {name: table.get(name, {}).get("importance") or 0.0 for name in truth}
    causes = [name for name, share in truth.items() if share > 0.0]
    nulls = [name for name, share in truth.items() if share == 0.0 and name != DUMMY.name]
    few = min(3, len(causes))
    alarms = [_alarm(table, name) for name in nulls]
    scores = {
        "top-1": float(_leaders(said, 1) <= _main(truth)) if causes else None,
        "top-3": float(_leaders(said, few) == _leaders(truth, few)) if causes else None,
        "tau": tau(truth, said) if causes else None,
        "alarms": _mean(alarms),
        "false": max(alarms, default=None),
        "seconds": finding["seconds"],
    }
    if finding["method"] != "gradstudy":
        return scores
    places = {name: true_places(truth, name) for name in truth}
    return scores | {
        "total": _mean([_covers(table, name, "share", truth[name]) for name in causes]),
        "first": _mean([_covers(table, name, "first", first[name]) for name in causes]),
        "rank": _mean([_covers(table, name, "rank", *places[name]) for name in causes]),
        "nulls": _mean([_covers(table, name, "share", 0.0) for name in nulls]),
        "width": _mean([_width(table, name) for name in causes]),
        "power": _mean([float(bool(table.get(name, {}).get("evidence"))) for name in causes]),
        "denied": max((_denied(table, name, truth[name]) for name in causes), default=None),
    }


def scored(findings: list[Finding]) -> pd.DataFrame:
    """One line per finding: row, n, seed, method and its scores."""
    told = ("row", "n", "seed", "method")
    return pd.DataFrame([{key: finding[key] for key in told} | score(finding) for finding in findings])


def tau(truth: Mapping[str, float], said: Mapping[str, float]) -> float:
    """Do pairs of factors stand in their true order? From 1, all, to -1, none; true ties are left out."""
    signs = [
        np.sign(truth[a] - truth[b]) * np.sign(said[a] - said[b])
        for a, b in combinations(truth, 2)
        if truth[a] != truth[b]
    ]
    return float(np.mean(signs))


def true_places(truth: Mapping[str, float], name: str) -> tuple[int, int]:
    """From which to which rank could this factor rightly stand? Factors of equal share may take each other's."""
    shares = list(truth.values())
    above = sum(share > truth[name] for share in shares)
    return above + 1, above + shares.count(truth[name])


def _leaders(shares: Mapping[str, float], count: int) -> set[str]:
    return set(sorted(shares, key=lambda name: -shares[name])[:count])


def _main(truth: Mapping[str, float]) -> set[str]:
    return {name for name, share in truth.items() if np.isclose(share, max(truth.values()))}


def _alarm(table: Mapping[str, Mapping[str, Any]], name: str) -> float:
    found = table.get(name, {})
    if "evidence" in found:
        return float(bool(found["evidence"]))
    return float(found["importance"] > table[DUMMY.name]["importance"])


def _denied(table: Mapping[str, Mapping[str, Any]], name: str, share: float) -> float:
    return float(table.get(name, {}).get("verdict") == NO_EFFECT and share >= DEFAULTS.negligible)


def _width(table: Mapping[str, Mapping[str, Any]], name: str) -> float | None:
    low, high = (table.get(name, {}).get(f"share_{end}") for end in ("low", "high"))
    return None if low is None or high is None else high - low


def _covers(
    table: Mapping[str, Mapping[str, Any]], name: str, interval: str, low: float, high: float | None = None
) -> float | None:
    found = table.get(name, {})
    ends = [found.get(f"{interval}_low"), found.get(f"{interval}_high")]
    if None in ends:
        return None
    return float(ends[0] <= (low if high is None else high) + 1e-9 and low - 1e-9 <= ends[1])


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
