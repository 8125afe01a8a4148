"""Power: how large an effect must be for the budget of a study to find it, before it runs.

By simulation on the very design: one factor alone explains a share of the variance of trial means, the rest is
Gaussian, and the tests of `significance` look for it, at the level that a lone cause must reach under false-discovery
control. They are compared with quantiles of asymptotic distributions here, as permutations would take minutes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import lgamma, log, sqrt

import numpy as np
import pandas as pd
import scipy

from gradstudy.analysis.ranking.significance import parts_of
from gradstudy.analysis.settings import DEFAULTS, Analysis
from gradstudy.analysis.space.coordinates import INACTIVE, encode
from gradstudy.conclusions import FEWEST_TRIALS
from gradstudy.records import Factor

SIMULATIONS, MOST_VALUES, NULL_DRAWS, SEED = 400, 1_000_000, 100_000, 0
"""At most so many simulated studies and responses for one question: 100 studies of 10,000 trials take .4 s."""

SHARES = np.geomspace(1e-4, 0.999, 513)
"""Which shares are told apart: 2 % from one to the next, less than what the simulations leave open (5 %)."""

Found = Callable[[np.ndarray], np.ndarray]
"""Whether the factor is found in each of the simulated responses [simulation, trial]: [simulation] of bool."""


@dataclass(frozen=True)
class Power:
    """What a design can find.

    `table` has one row per factor: `factor`, `trials` (in which it lives), `share` (the smallest share of the variance
    of their means that is found with the probability `power`; for a number, where the response rises or falls along
    its range), `u_shape` (the same where the response is highest or lowest in the middle; numbers only). Missing where
    there are too few trials to find anything. `level` is what the p-value of a lone cause must stay below.
    """

    table: pd.DataFrame
    power: float
    level: float


def power_of_design(trials: pd.DataFrame, factors: Sequence[Factor], settings: Analysis = DEFAULTS) -> Power:
    """The effects that these trials will find. A row per trial, a column per factor, missing where it does not live."""
    points = encode(trials, factors)
    level = (1.0 - settings.confidence) / len(factors)
    known: dict[tuple[int, ...], tuple[float, float]] = {}  # factors with the same counts are the same question
    rows = []
    for factor, column in zip(factors, points.T, strict=True):
        _, counts = np.unique(column[column != INACTIVE], return_counts=True)
        question = (int(factor.is_number), *(counts if factor.is_number else np.sort(counts)).tolist())
        if question not in known:
            known[question] = _smallest_shares(counts, factor.is_number, level, settings.power)
        rows.append((factor.name, int(counts.sum()), *known[question]))
    return Power(pd.DataFrame(rows, columns=["factor", "trials", "share", "u_shape"]), settings.power, level)


def smallest_share(effects: np.ndarray, counts: np.ndarray, found: Found, power: float) -> float:
    """The share of the variance that an effect needs to be found so often; nan when even nearly all is not enough.

    `counts` are how many trials take each value of the factor, in the order of the values, and `effects`
    [simulation, value] what these values do to the response, on any scale. A study in which a share is found finds
    every larger one, so that each is simulated only as long as it may still decide.
    """
    shape, needed = (len(effects), counts.sum()), power * len(effects)
    # The same noise for every share. In single precision, which is sorted twice as fast.
    noise = np.random.default_rng(SEED).standard_normal(shape, dtype=np.float32)
    signal = np.repeat(_standardised(effects, counts), counts, axis=1).astype(np.float32)
    undecided, sure = np.arange(len(effects)), 0

    def found_at(share: float) -> np.ndarray:
        return found(np.float32(sqrt(share)) * signal[undecided] + np.float32(sqrt(1 - share)) * noise[undecided])

    low, high = -1, len(SHARES) - 1
    seen = found_at(SHARES[high])
    if seen.sum() < needed:
        return float("nan")
    undecided = undecided[seen]
    while high - low > 1:
        middle = (low + high) // 2
        seen = found_at(SHARES[middle])
        if sure + seen.sum() >= needed:
            high, undecided = middle, undecided[seen]
        else:
            low, undecided, sure = middle, undecided[~seen], sure + int(seen.sum())
    return float(SHARES[high])


def levels_found(counts: np.ndarray, level: float) -> Found:
    """A look for levels: by Kruskal-Wallis, or by the distance of the largest mean from the smallest.

    Trials stand level by level; `level` is what the smaller of the two p-values, doubled, must stay below.
    """
    starts, widest = np.cumsum(counts) - counts, _widest_by_chance(counts, level / 2)
    highest = _chi2(level / 2, len(counts) - 1)

    def found(response: np.ndarray) -> np.ndarray:
        means = np.add.reduceat(response, starts, axis=1, dtype=float) / counts
        seen = np.asarray(np.ptp(means, axis=1) > widest * response.std(axis=1, ddof=1))
        seen[~seen] = _kruskal_wallis(_ranks(response[~seen]), counts) > highest  # ranks are what takes time
        return seen

    return found


def numbers_found(counts: np.ndarray, level: float) -> Found:
    """A look for a number: by Spearman's rank correlation, or by Kruskal-Wallis over the fifths of its range.

    Trials stand in the number's order. A design spreads a number evenly over its range, so that a fifth of the trials
    lies in each fifth of it.
    """
    places, trials = np.repeat(_places(counts), counts), counts.sum()
    own = places - places.mean()  # as far apart as the ranks are
    fifths = np.unique(parts_of(places), return_counts=True)[1]
    looks = 2 if len(fifths) > 1 else 1  # at two tests, or where all trials lie in one fifth at one
    steepest = -float(scipy.special.stdtrit(trials - 2, level / looks / 2))
    highest = _chi2(level / looks, len(fifths) - 1)

    def found(response: np.ndarray) -> np.ndarray:
        ranks = _ranks(response)
        centred = ranks - (trials - 1) / 2
        rho = centred @ own / np.sqrt((own @ own) * (centred**2).sum(axis=1))
        along = np.abs(rho) * sqrt(trials - 2) > steepest * np.sqrt(np.maximum(1 - rho**2, 0))
        return np.asarray(along if looks == 1 else along | (_kruskal_wallis(ranks, fifths) > highest))

    return found


def _chi2(level: float, freedom: int) -> float:
    """What a chi-squared variable exceeds so often; of scipy.stats, importing it would take half a second of a plan."""
    return float(scipy.special.chdtri(freedom, level))


def _ranks(response: np.ndarray) -> np.ndarray:
    """The rank of each trial within its row, from 0; of noise, in which equal values are too rare to count."""
    ranks = np.empty(response.shape)
    np.put_along_axis(ranks, response.argsort(axis=1), np.arange(response.shape[1], dtype=float)[None], axis=1)
    return ranks


def _kruskal_wallis(ranks: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The statistic of each row of ranks [row, trial] whose trials stand group by group (Kruskal & Wallis 1952)."""
    trials = counts.sum()
    means = np.add.reduceat(ranks, np.cumsum(counts) - counts, axis=1) / counts
    return np.asarray(12 / (trials * (trials + 1)) * ((means - (trials - 1) / 2) ** 2 @ counts))


def _smallest_shares(counts: np.ndarray, is_number: bool, level: float, power: float) -> tuple[float, float]:
    """Of a level's effects, or of a number's slope; and of a number's U-shape."""
    trials = counts.sum()
    if trials < FEWEST_TRIALS or len(counts) < 2:
        return float("nan"), float("nan")
    simulations = min(SIMULATIONS, MOST_VALUES // trials)
    if not is_number:
        effects = _random_signs(len(counts), simulations)
        return smallest_share(effects, counts, levels_found(counts, level), power), float("nan")
    slope = np.tile(_places(counts), (simulations, 1))
    found = numbers_found(counts, level)
    of_slope = smallest_share(slope, counts, found, power)
    if len(counts) < 3:  # two values have no middle
        return of_slope, float("nan")
    return of_slope, smallest_share((slope - 0.5) ** 2, counts, found, power)


def _random_signs(levels: int, simulations: int) -> np.ndarray:
    """[simulation, level] of -1 and 1, some of both: which levels, and how many, raise the response is random."""
    random = np.random.default_rng(SEED + 1)
    order = random.random((simulations, levels)).argsort(axis=1).argsort(axis=1)
    return np.where(order < random.integers(1, levels, size=(simulations, 1)), 1.0, -1.0)


def _places(counts: np.ndarray) -> np.ndarray:
    """Where in its range, 0..1, each value of a number lies, by the trials below it."""
    return np.asarray((np.cumsum(counts) - counts / 2) / counts.sum())


def _standardised(effects: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Of mean 0 and variance 1 over the trials."""
    weights = counts / counts.sum()
    centred = effects - (effects @ weights)[:, None]
    return np.asarray(centred / np.sqrt(centred**2 @ weights)[:, None])


def _widest_by_chance(counts: np.ndarray, level: float) -> float:
    """How far apart, in standard deviations, this share of random divisions sets the means.

    Asymptotically normal; inf where there are too few divisions for any to be so rare.
    """
    divisions = lgamma(counts.sum() + 1) - sum(lgamma(count + 1) for count in counts)
    if divisions < -log(level):
        return float("inf")
    means = np.random.default_rng(SEED + 2).standard_normal((NULL_DRAWS, len(counts))) / np.sqrt(counts)
    return float(np.quantile(np.ptp(means, axis=1), 1 - level))
