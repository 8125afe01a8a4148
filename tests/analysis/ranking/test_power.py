"""What a design can find: by the formulas of textbooks, and by the tests themselves on simulated studies."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from gradstudy.analysis.ranking.power import SEED, SHARES, levels_found, numbers_found, power_of_design, smallest_share
from gradstudy.analysis.ranking.significance import factor_significance
from gradstudy.analysis.settings import DEFAULTS
from gradstudy.records import DUMMY, Factor

LEVEL, POWER, SIMULATIONS = 0.005, 0.8, 1000


def noncentral(trials, level, power):
    """The share at which a t-test of so many trials at this level has this power: of means, or of a correlation."""
    highest = stats.t.isf(level / 2, trials - 2) ** 2

    def missing(share):
        return stats.ncf.sf(highest, 1, trials - 2, trials * share / (1 - share)) - power

    return optimize.brentq(missing, 1e-6, 0.9)


@pytest.mark.parametrize("trials", [32, 128, 1000])
def test_two_balanced_levels_are_found_as_a_t_test_finds_them(trials):
    """Two tests that are nearly one, so that looking twice costs all but nothing of the halved level."""
    counts = np.array([trials // 2, trials // 2])
    signs = np.tile([-1.0, 1.0], (SIMULATIONS, 1))
    found = smallest_share(signs, counts, levels_found(counts, LEVEL), POWER)
    assert noncentral(trials, LEVEL, POWER) * 0.9 < found < noncentral(trials, LEVEL / 2, POWER) * 1.1


@pytest.mark.parametrize("trials", [40, 128, 1000])
def test_a_straight_line_is_found_nearly_as_a_correlation_finds_it(trials):
    """Ranks of Gaussian values keep 9/pi^2 = .91 or more of what the values say (Hotelling & Pabst 1936)."""
    counts = np.ones(trials, dtype=int)
    line = np.tile(np.arange(trials) + 0.5, (SIMULATIONS, 1))
    found = smallest_share(line, counts, numbers_found(counts, LEVEL), POWER)
    expected = noncentral(trials, LEVEL / 2, POWER)
    assert expected * 0.93 < found < expected / 0.91 * 1.1


def test_a_number_that_takes_two_values_is_found_like_two_levels():
    counts = np.array([50, 50])
    signs = np.tile([-1.0, 1.0], (SIMULATIONS, 1))
    as_number = smallest_share(signs, counts, numbers_found(counts, LEVEL), POWER)
    assert as_number == pytest.approx(noncentral(100, LEVEL / 2, POWER), rel=0.12)


COLUMNS = {
    "a number": np.ones(64, dtype=int),
    "a whole number": np.full(7, 9),
    "a number of two values": np.array([40, 24]),
}


@pytest.mark.parametrize("case", COLUMNS)
@pytest.mark.parametrize("shape", ["a line", "a U-shape"])
def test_a_number_is_found_exactly_when_the_rankings_own_test_finds_it(case, shape):
    """The same decision for every one of 300 studies, of which about half find it: both use asymptotic p-values."""
    counts = COLUMNS[case]
    places = (np.cumsum(counts) - counts / 2) / counts.sum()
    column = np.repeat(places, counts)
    signal = column if shape == "a line" else (column - 0.4) ** 2
    signal = (signal - signal.mean()) / signal.std()
    noise = np.random.default_rng(7).standard_normal((300, len(column)))
    responses = 0.42 * signal + noise
    found = numbers_found(counts, LEVEL)(responses)
    expected = [factor_significance(column, one, is_number=True).p < LEVEL for one in responses]
    assert found.tolist() == expected
    assert 0.1 < found.mean() < 0.9


def test_levels_are_found_as_often_as_by_the_rankings_own_test():
    """80 % within three standard errors of 100 studies, and no other than the tests of `significance`."""
    counts, effects = np.array([20, 30, 14]), np.array([1.0, -1.0, -1.0])
    share = smallest_share(np.tile(effects, (SIMULATIONS, 1)), counts, levels_found(counts, LEVEL), POWER)
    column, signal = np.repeat(np.arange(3.0), counts), np.repeat(effects, counts)
    signal = (signal - signal.mean()) / signal.std()
    random = np.random.default_rng(7)
    responses = sqrt(share) * signal + sqrt(1 - share) * random.standard_normal((100, len(column)))
    times = sum(factor_significance(column, one, is_number=False).p < LEVEL for one in responses)
    assert times == pytest.approx(80, abs=12)


def test_two_levels_are_found_exactly_when_scipy_finds_their_ranks_or_a_normal_quantile_their_means():
    counts = np.array([4, 60])
    responses = 1.5 * np.repeat([1.0, 0.0], counts) + np.random.default_rng(7).standard_normal((500, 64))
    few, many = np.split(responses, [4], axis=1)
    ranked = stats.kruskal(few, many, axis=1).pvalue < LEVEL / 2
    apart = np.abs(few.mean(axis=1) - many.mean(axis=1)) / responses.std(axis=1, ddof=1) / sqrt(1 / 4 + 1 / 60)
    sure = np.abs(apart - stats.norm.isf(LEVEL / 4)) > 0.1  # the quantile of the means is that of random divisions
    expected = ranked | (apart > stats.norm.isf(LEVEL / 4))
    assert (levels_found(counts, LEVEL)(responses) == expected)[sure].all()
    assert 0.1 < ranked.mean() < 0.9


@pytest.mark.parametrize("case", COLUMNS)
@pytest.mark.parametrize("power", [0.5, 0.8, 0.99])
def test_studies_that_are_not_simulated_again_would_decide_nothing(case, power):
    """The obvious way: all studies at every share, the smallest of which is found so often."""
    counts, seen = COLUMNS[case], []
    effects = np.tile(np.arange(len(counts), dtype=float), (60, 1))
    find = numbers_found(counts, LEVEL)

    def found(responses):
        seen.append(len(responses))
        return find(responses)

    share = smallest_share(effects, counts, found, power)
    noise = np.random.default_rng(SEED).standard_normal((60, counts.sum()), dtype=np.float32)
    signal = np.repeat(effects - effects[0] @ counts / counts.sum(), counts, axis=1)
    signal = (signal / signal.std()).astype(np.float32)
    often = [find(np.float32(sqrt(s)) * signal + np.float32(sqrt(1 - s)) * noise).mean() >= power for s in SHARES]
    assert share == SHARES[often.index(True)]
    assert sum(seen) < 0.6 * 60 * len(seen)


def test_the_fifths_of_a_u_shape_find_it_where_no_line_could():
    """As an analysis of variance of five groups does on the rank scale, at half the level (noncentral F; 15 % off).

    What of its variance lies between the fifths is computed from their means.
    """
    trials = 320
    counts = np.ones(trials, dtype=int)
    u_shape = ((np.arange(trials) + 0.5) / trials - 0.5) ** 2
    found = smallest_share(np.tile(u_shape, (SIMULATIONS, 1)), counts, numbers_found(counts, LEVEL), POWER)
    kept = u_shape.reshape(5, -1).mean(axis=1).var() / u_shape.var()
    highest = stats.f.isf(LEVEL / 2, 4, trials - 5)

    def missing(share):
        return stats.ncf.sf(highest, 4, trials - 5, trials * kept * share / (1 - kept * share)) - POWER

    expected = optimize.brentq(missing, 1e-6, 0.9)
    assert expected * 0.93 < found < expected / 0.91 * 1.1


@pytest.mark.parametrize("found", [levels_found, numbers_found])
def test_what_has_no_effect_is_found_no_more_often_than_the_level_says(found):
    counts = np.full(4, 12) if found is levels_found else np.ones(48, dtype=int)
    noise = np.random.default_rng(3).standard_normal((20_000, 48))
    false = found(counts, 0.05)(noise).mean()
    assert 0.5 * 0.05 < false < 0.05 + 3 * sqrt(0.05 / 20_000)


ACTIVATION = Factor("activation", ("relu", "tanh"))
CLIPPING = Factor("clipping", ("none", "norm", "value"))
MAX_NORM = Factor("clipping.max_norm", low=0.1, high=10.0, log=True)
FACTORS = (ACTIVATION, CLIPPING, MAX_NORM, DUMMY)


def trials(count):
    order = np.arange(count)
    table = pd.DataFrame({"activation": np.array(ACTIVATION.levels)[order % 2]})
    table["clipping"] = np.array(CLIPPING.levels)[order // 2 % 3]
    table["clipping.max_norm"] = np.where(table["clipping"] == "norm", np.geomspace(0.1, 10, count), np.nan)
    return table.assign(dummy=(order + 0.5) / count)


def shares(power):
    return power.table.set_index("factor")["share"]


def test_a_conditional_factor_has_only_the_trials_in_which_it_lives():
    power = power_of_design(trials(120), FACTORS)
    table = power.table.set_index("factor")
    assert table["trials"].to_dict() == {"activation": 120, "clipping": 120, "clipping.max_norm": 40, "dummy": 120}
    assert power.level == pytest.approx(0.05 / 4)
    assert shares(power)["clipping.max_norm"] == pytest.approx(noncentral(40, power.level / 2, 0.8), rel=0.15)
    assert shares(power)["dummy"] == pytest.approx(noncentral(120, power.level / 2, 0.8), rel=0.15)
    assert (table["u_shape"] > table["share"])[["clipping.max_norm", "dummy"]].all()
    assert table["u_shape"][["activation", "clipping"]].isna().all()


def test_more_trials_find_less_and_more_certainty_takes_more():
    once, often = (shares(power_of_design(trials(count), FACTORS)) for count in (60, 240))
    assert (once / often).to_numpy() == pytest.approx(np.full(4, 4 * 0.8), abs=0.9)  # S / (1 - S) goes with 1 / n
    surer = shares(power_of_design(trials(60), FACTORS, replace(DEFAULTS, power=0.95)))
    assert (surer > once).all()


def test_too_few_trials_find_nothing():
    for count in (2, 7):
        assert shares(power_of_design(trials(count), FACTORS)).isna().all()
    few = shares(power_of_design(trials(16), FACTORS))
    assert few.notna().to_dict() == {"activation": True, "clipping": True, "clipping.max_norm": False, "dummy": True}


def test_a_factor_that_takes_one_level_cannot_be_found():
    assert np.isnan(shares(power_of_design(trials(60).assign(activation="relu"), FACTORS))["activation"])


def test_a_whole_number_that_takes_two_values_has_no_u_shape():
    depth = Factor("depth", low=1, high=2, integer=True)
    row = (
        power_of_design(trials(60).assign(depth=[1, 2] * 30), (*FACTORS, depth)).table.set_index("factor").loc["depth"]
    )
    assert row["share"] > 0
    assert np.isnan(row["u_shape"])


def test_the_same_design_has_the_same_power():
    one, other = (power_of_design(trials(60), FACTORS).table for _ in range(2))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
