"""Which factors cause a response, how much of its variance is their doing, and how sure is that?"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from gradstudy.analysis.direction import UNCLEAR, direction
from gradstudy.analysis.notes import GOOD_FIT, empty_note, ranking_note
from gradstudy.analysis.settings import DEFAULTS, RESPONSES, Analysis
from gradstudy.analysis.significance import control_false_discoveries, factor_significance
from gradstudy.analysis.sources import Shares, attribute
from gradstudy.analysis.space import Screen, encode
from gradstudy.errors import InputError, nearest
from gradstudy.records import DUMMY, Factor

COLUMNS = [
    "factor",
    "share",
    "share_low",
    "share_high",
    "rank",
    "rank_low",
    "rank_high",
    "test",
    "p",
    "evidence",
    "direction",
    "conditional",
    "trials",
]


@dataclass(frozen=True)
class Ranking:
    """What came out for one response?

    `table` has one row per factor, the dummy among them, largest share first: total-effect shares of the variance of
    trial means with their interval, rank intervals, a surrogate-free test (`p` after false-discovery control),
    `evidence`, a direction in words, whether the factor is conditional (then its share is of the variance where it
    lives) and in how many trials it lives. A factor that could not be ranked has missing values. `evidence` means:
    the test is significant, which the randomised assignment makes valid by itself; or the interval lies above the
    dummy's in a surrogate that fits (what acts through interactions passes a test of one factor at a time unseen).

    `interactions` has second-order shares; `noise_floor` is the upper end of the dummy's interval; `fit` the
    leave-one-out Q2 of the surrogate; `seed_noise` the share of the variance of trial means that is mere seed
    noise, which no factor can explain; `diverged` counts members; `note` says in plain words what can be concluded.
    """

    response: str
    table: pd.DataFrame
    interactions: pd.DataFrame
    noise_floor: float
    fit: float
    seed_noise: float
    trials: int
    diverged: int
    note: str

    def _repr_html_(self) -> str:
        return f"<p><b>{self.response}</b>: {html.escape(self.note)}</p>{self.table.round(3).to_html(index=False)}"

    def plot(self, **options: Any) -> Any:
        """Bars of the shares with their intervals, largest on top: matplotlib axes."""
        shown = self.table.dropna(subset=["share"]).iloc[::-1].set_index("factor")
        if shown.empty:
            raise InputError(f"a ranking of {self.response} with at least one share is needed to plot. {self.note}")
        reach = [shown["share"] - shown["share_low"], shown["share_high"] - shown["share"]]
        labels = {"xlabel": f"share of the variance of {self.response}", "ylabel": "", "legend": False}
        return shown["share"].plot(**({"kind": "barh", "xerr": np.maximum(reach, 0.0)} | labels | options))


def rank(
    members: pd.DataFrame, factors: Sequence[Factor], response: str, settings: Analysis = DEFAULTS, seed: int = 0
) -> Ranking:
    """Which factors cause this response, by how much, and how sure is that?

    `members` has one row per trial x seed of a randomised screen: trial, seed, one column per factor (missing where it
    does not live), the responses and `verdict`. A trial's value is the mean over its seeds (a median would hide one
    diverged seed in four). InputError: no rows, an unknown response or level, a missing column, a value that is not
    finite. What cannot be ranked (too few trials, nothing varied) comes back empty, with a note.
    """
    _check(members, factors, response)
    members = members.sort_values(["trial", "seed"], kind="stable")
    trials = members.drop_duplicates("trial")
    values = members.groupby("trial")[response].mean().to_numpy(dtype=float)
    screen = Screen(tuple(factors), encode(trials, factors), values)
    shares = attribute(screen, draws=settings.draws, seed=seed)
    diverged = int((members["verdict"] == "diverged").sum())
    noise = seed_noise(members, response)
    if not shares.names:
        table = pd.DataFrame(columns=COLUMNS)
        note = empty_note(values, diverged=diverged, members=len(members))
        return Ranking(response, table, shares.pairs, np.nan, np.nan, noise, len(trials), diverged, note)
    table = _table(screen, shares, response=response, confidence=settings.confidence)
    floor = float(table.loc[table["factor"] == DUMMY.name, "share_high"].max())
    note = ranking_note(table, level=1.0 - settings.confidence, floor=floor, fit=shares.fit, seed_noise=noise)
    note += " Every member diverged." * (diverged == len(members))
    return Ranking(response, table, shares.pairs, floor, shares.fit, noise, len(trials), diverged, note)


def seed_noise(members: pd.DataFrame, response: str) -> float:
    """Which share of the variance of trial means is seed noise? From 0 to 1, nan without replicates or variance."""
    groups = members.groupby("trial")[response]
    sizes, spreads = groups.size(), groups.var(ddof=1)
    freedom = (sizes - 1).sum()
    between = groups.mean().var(ddof=1)
    if not (freedom > 0 and between > 0.0):
        return float("nan")
    within = ((sizes - 1) * spreads).sum() / freedom
    return float(min(1.0, within * (1.0 / sizes).mean() / between))


def _check(members: pd.DataFrame, factors: Sequence[Factor], response: str) -> None:
    if response not in RESPONSES:
        hint = nearest(response, RESPONSES)
        raise InputError(f"a response must be one of {', '.join(RESPONSES)}, got '{response}'.{hint}")
    missing = {"trial", "seed", "verdict", response, *(factor.name for factor in factors)} - set(members.columns)
    if missing:
        raise InputError(f"a ranking of {response} needs the columns {sorted(missing)}, got {list(members.columns)}")
    if members.empty:
        raise InputError(f"a ranking of {response} needs measured members, got none: run the study first")
    if not np.isfinite(members[response].to_numpy(dtype=float)).all():
        raise InputError(f"{response} must be finite for every member: rank rows as `member_row` makes them")


def _table(screen: Screen, shares: Shares, *, response: str, confidence: float) -> pd.DataFrame:
    level = 1.0 - confidence
    columns = list(zip(screen.factors, screen.points.T, strict=True))
    tests = [factor_significance(column, screen.values, is_number=factor.is_number) for factor, column in columns]
    p = control_false_discoveries(np.array([test.p for test in tests]))
    lives = screen.lives
    table = pd.DataFrame({"factor": [factor.name for factor in screen.factors], "test": [test.test for test in tests]})
    table["p"], table["conditional"], table["trials"] = p, ~lives.all(axis=0), lives.sum(axis=0)
    table["direction"] = [
        direction(factor, column, screen.values, response=response, level=level) if found < level else UNCLEAR
        for (factor, column), found in zip(columns, p, strict=True)
    ]
    table = table.merge(_intervals(shares, confidence), on="factor", how="left")
    table["evidence"] = _evidence(table, shares, confidence)
    table = table.sort_values("share", ascending=False, kind="stable", na_position="last", ignore_index=True)
    table["rank"] = pd.array(np.arange(1, len(table) + 1), dtype="Int64")
    table.loc[table["share"].isna(), "rank"] = pd.NA
    return table[COLUMNS]


def _intervals(shares: Shares, confidence: float) -> pd.DataFrame:
    tail = (1.0 - confidence) / 2
    low, high = np.quantile(shares.draws, [tail, 1.0 - tail], axis=0)
    # Factors whose draws tie (several exact zeros) could stand at any of the tied ranks.
    best, worst = (stats.rankdata(-shares.draws, axis=1, method=ties) for ties in ("min", "max"))
    ends = {
        "rank_low": np.quantile(best, tail, axis=0, method="inverted_cdf"),
        "rank_high": np.quantile(worst, 1.0 - tail, axis=0, method="inverted_cdf"),
    }
    ranks = {name: pd.array(end.astype(int), dtype="Int64") for name, end in ends.items()}
    shown = {"factor": shares.names, "share": shares.draws.mean(axis=0), "share_low": low, "share_high": high}
    return pd.DataFrame({**shown, **ranks})


def _evidence(table: pd.DataFrame, shares: Shares, confidence: float) -> np.ndarray:
    significant = (table["p"] < 1.0 - confidence).to_numpy() & table["share"].notna().to_numpy()
    if DUMMY.name not in shares.names:
        return significant
    # On the scale of the variance everywhere: noise alone fills a large share of a support where nothing happens.
    effects, tail = shares.effects, (1.0 - confidence) / 2
    dummy = shares.names.index(DUMMY.name)
    clear = np.quantile(effects, tail, axis=0) > np.quantile(effects[:, dummy], 1.0 - tail)
    above = dict(zip(shares.names, clear & (shares.fit >= GOOD_FIT), strict=True))
    return (significant | table["factor"].map(above).fillna(False).to_numpy(dtype=bool)) & (
        table["factor"] != DUMMY.name
    )
