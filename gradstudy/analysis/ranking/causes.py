"""One row per factor: its share of the variance, its rank, what the tests say, and which way it acts."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import comb

import numpy as np
import pandas as pd
import scipy

from gradstudy.analysis.ranking.attribution import Attribution
from gradstudy.analysis.ranking.evidence import Weighed
from gradstudy.analysis.ranking.significance import Significance, control_false_discoveries, factor_significance
from gradstudy.analysis.ranking.widening import interval_ends
from gradstudy.analysis.space.coordinates import INACTIVE, CodedTrials
from gradstudy.analysis.space.levels import Cut, cut
from gradstudy.analysis.space.replicates import is_constant
from gradstudy.conclusions import NOT_RANKED, UNCLEAR
from gradstudy.cores import cores
from gradstudy.records import Factor
from gradstudy.response import RANKED, TIME

RANKING_COLUMNS = [
    *("factor", "share", "share_low", "share_high", "first", "first_low", "first_high"),
    *(
        "rank",
        "rank_low",
        "rank_high",
        "test",
        "p",
        "verdict",
        "evidence",
        "direction",
        "size",
        "conditional",
        "trials",
    ),
]


SURE = 1e-6
"""How near to the level a bound, as a part of it, leaves a p-value to be integrated after all."""


def direction(factor: Factor, coordinates: np.ndarray, values: np.ndarray, *, response: str, level: float) -> str:
    """Which way this factor, whose test was significant, moves the response, and by how much.

    Coordinates and trial means [trial]; means where the factor lives. `level` is the p-value above which no trend over
    a number, and no difference between any two levels, is claimed.
    """
    lives, unit = coordinates != INACTIVE, RANKED[response].amount_unit
    values, groups = values[lives], cut(factor, coordinates[lives])
    if not len(values) or is_constant(values):
        return UNCLEAR
    if factor.is_number:
        return _number_direction(factor.name, coordinates[lives], groups, values, unit=unit, level=level)
    return _level_direction(groups, values, unit=unit, level=level)


def _level_direction(groups: Cut, values: np.ndarray, *, unit: str, level: float) -> str:
    known = np.flatnonzero(groups.counts() > 1)
    found = furthest_apart([values[groups.codes == code] for code in known], level)
    if found is None:
        return UNCLEAR
    higher, lower, apart = found
    return f"{groups.names[known[higher]]} raises it by {_size(apart, unit)} over {groups.names[known[lower]]}"


@np.errstate(invalid="ignore", divide="ignore")
def furthest_apart(groups: Sequence[np.ndarray], level: float) -> tuple[int, int, float] | None:
    """Of the groups whose means certainly differ the two that lie furthest apart: the higher one, the lower, and how
    far. None where of no two it is certain, over all pairs at once at this level (Games & Howell 1976).

    Differences of means, as the test that was significant may be one of ranks, which can differ where means do not; and
    certain ones, as the furthest group of all may be a rare one. Scipy's `tukey_hsd` has the p-value of every pair,
    each an integral over two variables, of which most need none.
    """
    means = np.array([group.mean() for group in groups])
    sizes = np.array([len(group) for group in groups])
    errors = np.array([group.var(ddof=1) for group in groups]) / sizes
    pairs = [(i, j) for i, j in np.ndindex(len(means), len(means)) if means[i] > means[j]]
    for i, j in sorted(pairs, key=lambda pair: means[pair[1]] - means[pair[0]]):
        scatter = errors[i] + errors[j]
        freedom = scatter**2 / (errors[i] ** 2 / (sizes[i] - 1) + errors[j] ** 2 / (sizes[j] - 1))
        apart = means[i] - means[j]
        # Between the p-value of this pair alone and that times all pairs (Bonferroni); nan where nothing scatters.
        alone = 2 * scipy.special.stdtr(freedom, -apart / np.sqrt(scatter))
        if alone >= level * (1 + SURE):
            continue
        if alone * comb(len(means), 2) < level * (1 - SURE):
            return i, j, float(apart)
        p = scipy.stats.studentized_range.sf(apart / (np.sqrt(scatter) / 2**0.5), len(means), freedom)
        if not max(alone, p) >= level:  # the integral is 0 where there is a single degree of freedom
            return i, j, float(apart)
    return None


def _number_direction(
    name: str, coordinates: np.ndarray, thirds: Cut, values: np.ndarray, *, unit: str, level: float
) -> str:
    # From the lowest to the highest third of the range; the middle third speaks up when it lies well outside of both.
    counts = thirds.counts()
    means = (thirds.counts(values)[counts > 0] / counts[counts > 0]).tolist()
    if len(means) < 2:
        return UNCLEAR
    low, high = means[0], means[-1]
    middle = means[1] if len(means) == 3 else low
    outside = max(middle - max(low, high), min(low, high) - middle)
    trend = scipy.stats.spearmanr(coordinates, values)
    part = [values[thirds.codes == code] for code in np.unique(thirds.codes)]
    # A valley must be plainer than the slope: other factors, unevenly spread over the thirds, can fake a shallow one.
    if outside > abs(high - low) / 2 and scipy.stats.kruskal(*part).pvalue < min(level, trend.pvalue):
        return f"{'highest' if middle > high else 'lowest'} in the middle"
    if not (trend.pvalue < level and trend.statistic * (high - low) > 0.0):
        return UNCLEAR
    return f"higher {name} {'raises' if high > low else 'lowers'} it by {_size(abs(high - low), unit)}"


def _size(amount: float, unit: str) -> str:
    return f"{amount:.1f} {unit}" if amount >= 0.95 else f"{amount:.2g} {unit}"


def tested(screen: CodedTrials) -> pd.DataFrame:
    """The test of each factor, in order: the columns factor, test, and p, how often chance alone would give as much.

    `p` is after false-discovery control, and nan where nothing could be tested.
    """

    def test(factor: Factor, column: np.ndarray) -> Significance:
        return factor_significance(column, screen.values, is_number=factor.is_number)

    with ThreadPoolExecutor(cores()) as threads:  # shuffling leaves the interpreter's lock to others
        found = list(threads.map(test, screen.factors, screen.points.T))
    names = {"factor": [factor.name for factor in screen.factors], "test": [one.test for one in found]}
    return pd.DataFrame(names).assign(p=control_false_discoveries(np.array([one.p for one in found])))


def cause_table(
    tests: pd.DataFrame,
    screen: CodedTrials,
    shares: Attribution,
    weighed: Weighed,
    *,
    response: str,
    confidence: float,
    noise: float,
) -> pd.DataFrame:
    """A row per factor, the largest share first; see `Ranking.table`. `tests` are those of `tested`.

    `values` of the screen are in the response's unit, and `noise` is the part of their variance that the seeds make. A
    share that is not proven may be 0: its interval begins there;
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
    table["size"] = _typical_change(screen, table["share"].to_numpy(dtype=float), noise, response)
    ranked = table["verdict"] != NOT_RANKED
    table.loc[ranked & ~table["evidence"], ["share_low", "first_low"]] = 0.0
    table.loc[ranked & ~(table["p"] < level), "first_low"] = 0.0
    return _in_order(table, speaks=shares.fit > 0.0)[RANKING_COLUMNS]


def _typical_change(screen: CodedTrials, shares: np.ndarray, noise: float, response: str) -> np.ndarray:
    # By how much the response changes (RMS) when one factor is drawn anew: the root of twice its part of the variance
    # that is no noise. Unknown of times, whose shares are of scores.
    if response == TIME:
        return np.full(len(shares), np.nan)
    variances = np.array([screen.values[lives].var() if lives.any() else np.nan for lives in screen.lives.T])
    return np.asarray(np.sqrt(2.0 * shares * variances * (1.0 - np.nan_to_num(noise))))


def _in_order(table: pd.DataFrame, *, speaks: bool) -> pd.DataFrame:
    ranked = table["verdict"] != NOT_RANKED
    by = ["ranked", "share"] if speaks else ["ranked", "p", "share"]
    rising = [name == "p" for name in by]
    table = table.assign(ranked=ranked).sort_values(by, ascending=rising, kind="stable", ignore_index=True)
    place = pd.array(np.arange(1, len(table) + 1), dtype="Int64")
    table["rank"] = pd.Series(place).where(table["ranked"] & speaks)
    if not speaks:
        table[["share", "first", "size"]] = np.nan
    return table


def _intervals(shares: Attribution, confidence: float) -> pd.DataFrame:
    tail = (1.0 - confidence) / 2
    table = pd.DataFrame({"factor": shares.names})
    for name, draws, wide in (("share", shares.draws, shares.wide), ("first", shares.first, shares.wide_first)):
        table[name] = draws.mean(axis=0)
        table[f"{name}_low"], table[f"{name}_high"] = interval_ends(wide, shares.unexplained, confidence)
    table["first_high"] = np.minimum(table["first_high"], table["share_high"])
    # Factors whose draws tie (several exact zeros) could stand at any of the tied ranks.
    best, worst = (scipy.stats.rankdata(-shares.wide, axis=1, method=ties) for ties in ("min", "max"))
    places = {
        "rank_low": np.quantile(best, tail, axis=0, method="inverted_cdf"),
        "rank_high": np.quantile(worst, 1.0 - tail, axis=0, method="inverted_cdf"),
    }
    return table.assign(**{name: pd.array(end.astype(int), dtype="Int64") for name, end in places.items()})
