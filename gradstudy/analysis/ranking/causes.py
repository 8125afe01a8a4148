"""One row per factor: its share of the variance, its rank, what the tests say, and which way it acts."""

import numpy as np
import pandas as pd
from scipy import stats

from gradstudy.analysis.ranking.attribution import Attribution
from gradstudy.analysis.ranking.direction import direction
from gradstudy.analysis.ranking.evidence import Weighed
from gradstudy.analysis.ranking.significance import control_false_discoveries, factor_significance
from gradstudy.analysis.space.coordinates import CodedTrials
from gradstudy.conclusions import NOT_RANKED, UNCLEAR

RANKING_COLUMNS = [
    "factor",
    "share",
    "share_low",
    "share_high",
    "first",
    "first_low",
    "first_high",
    "rank",
    "rank_low",
    "rank_high",
    "test",
    "p",
    "verdict",
    "evidence",
    "direction",
    "conditional",
    "trials",
]


def tested(screen: CodedTrials) -> pd.DataFrame:
    """The test of each factor, in order: the columns factor, test, and p, how often chance alone would give as much.

    `p` is after false-discovery control, and nan where nothing could be tested.
    """
    pairs = zip(screen.factors, screen.points.T, strict=True)
    found = [factor_significance(column, screen.values, is_number=factor.is_number) for factor, column in pairs]
    names = {"factor": [factor.name for factor in screen.factors], "test": [one.test for one in found]}
    return pd.DataFrame(names).assign(p=control_false_discoveries(np.array([one.p for one in found])))


def cause_table(
    tests: pd.DataFrame, screen: CodedTrials, shares: Attribution, weighed: Weighed, *, response: str, confidence: float
) -> pd.DataFrame:
    """A row per factor, the largest share first; see `Ranking.table`. `tests` are those of `tested`.

    `values` of the screen are in the response's unit. A share that is not proven may be 0: its interval begins there;
    and so does that of what a factor does by itself where the test, which looks at just that, is silent. Where the
    surrogate predicts nothing (Q2 of 0 or less) its shares are no estimates: they are missing, and so are ranks; the
    intervals stay, and the smallest p comes first.
    """
    level = 1.0 - confidence
    table = tests.assign(verdict=weighed.verdicts, evidence=weighed.evidence)
    table["conditional"] = np.logical_not(screen.lives.all(axis=0))
    table["trials"] = screen.lives.sum(axis=0)
    table["direction"] = [
        direction(factor, column, screen.values, response=response, level=level) if p < level else UNCLEAR
        for factor, column, p in zip(screen.factors, screen.points.T, table["p"], strict=True)
    ]
    table = table.merge(_intervals(shares, confidence), on="factor", how="left")
    ranked = table["verdict"] != NOT_RANKED
    table.loc[ranked & ~table["evidence"], ["share_low", "first_low"]] = 0.0
    table.loc[ranked & ~(table["p"] < level), "first_low"] = 0.0
    return _in_order(table, speaks=shares.fit > 0.0)[RANKING_COLUMNS]


def _in_order(table: pd.DataFrame, *, speaks: bool) -> pd.DataFrame:
    ranked = table["verdict"] != NOT_RANKED
    by = ["ranked", "share"] if speaks else ["ranked", "p", "share"]
    rising = [name == "p" for name in by]
    table = table.assign(ranked=ranked).sort_values(by, ascending=rising, kind="stable", ignore_index=True)
    place = pd.array(np.arange(1, len(table) + 1), dtype="Int64")
    table["rank"] = pd.Series(place).where(table["ranked"] & speaks)
    if not speaks:
        table[["share", "first"]] = np.nan
    return table


def _intervals(shares: Attribution, confidence: float) -> pd.DataFrame:
    tail = (1.0 - confidence) / 2
    table = pd.DataFrame({"factor": shares.names})
    first = shares.first
    for name, draws in {"share": shares.draws, "first": first}.items():
        table[name] = draws.mean(axis=0)
        table[f"{name}_low"], table[f"{name}_high"] = np.quantile(draws, [tail, 1.0 - tail], axis=0)
    # Factors whose draws tie (several exact zeros) could stand at any of the tied ranks.
    best, worst = (stats.rankdata(-shares.draws, axis=1, method=ties) for ties in ("min", "max"))
    ends = {
        "rank_low": np.quantile(best, tail, axis=0, method="inverted_cdf"),
        "rank_high": np.quantile(worst, 1.0 - tail, axis=0, method="inverted_cdf"),
    }
    return table.assign(**{name: pd.array(end.astype(int), dtype="Int64") for name, end in ends.items()})
