from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from gradstudy.analysis.significance import (
    Significance,
    control_false_discoveries,
    factor_significance,
    level_significance,
    number_significance,
)
from gradstudy.analysis.space import INACTIVE

X = np.random.default_rng(0).random(64)


def test_a_trend_is_found_by_spearman_and_a_valley_by_xi():
    trend, valley = number_significance(X, X**3), number_significance(X, (X - 0.5) ** 2)
    assert (trend.test, valley.test) == ("Spearman", "xi")
    assert max(trend.p, valley.p) < 0.01


def test_looking_twice_doubles_the_p_value():
    assert number_significance(X, X**3 + 0.5 * X[::-1]).p == pytest.approx(
        2 * stats.spearmanr(X, X**3 + 0.5 * X[::-1]).pvalue
    )


def test_the_p_value_of_xi_is_that_of_all_permutations():
    values = np.array([9.0, 4.0, 1.0, 0.0, 1.0, 4.0, 9.0])
    steps = [np.abs(np.diff(stats.rankdata(order, "max"))).sum() for order in permutations(values)]
    exact = np.mean(np.array(steps) <= np.abs(np.diff(stats.rankdata(values, "max"))).sum())
    found = number_significance(np.arange(7.0), values)
    assert found.test == "xi"
    assert found.p == pytest.approx(2 * exact, abs=0.04)


@pytest.mark.parametrize("capped", [0.5, 0.9])
def test_null_numbers_are_rarely_significant_even_when_most_values_are_capped(capped):
    random = np.random.default_rng(2)
    p = [
        number_significance(random.random(40), np.where(random.random(40) < capped, 10.0, random.random(40))).p
        for _ in range(100)
    ]
    # At most 5 in 100 are expected below .05; 11 or more would come once in a hundred.
    assert np.mean(np.array(p) < 0.05) <= 0.10


def test_one_huge_value_hides_no_difference_because_ranks_are_compared_too():
    codes, values = np.repeat([0.0, 1.0], 8), np.append(np.arange(15.0), 1e300)
    by_ranks = 2 * stats.kruskal(np.arange(8.0), np.arange(8.0, 16.0)).pvalue
    assert level_significance(codes, values) == Significance("Kruskal-Wallis", by_ranks)


def test_a_level_that_lets_one_network_in_four_explode_is_seen_by_its_mean():
    """Most members of the second level lie a little lower, so their ranks balance those of the few that exploded."""
    random = np.random.default_rng(0)
    calm, wild = random.random(64), random.random(64) - 0.3
    wild[:16] = 10.0
    codes, values = np.repeat([0.0, 1.0], 64), np.concatenate([calm, wild])
    assert stats.kruskal(calm, wild).pvalue > 0.05
    assert level_significance(codes, values) == Significance("means", 2 / 2001)


def test_inactive_trials_are_left_out():
    values = np.where(X < 0.5, 100.0, X)
    found = factor_significance(np.where(X < 0.5, INACTIVE, X), values, is_number=True)
    assert found == number_significance(X[X >= 0.5], values[X >= 0.5])


@pytest.mark.parametrize("is_number", [True, False])
@pytest.mark.parametrize(
    ("column", "values"), [(np.round(X), np.ones(64)), (np.ones(64), X)], ids=["response", "factor"]
)
def test_what_never_varied_is_not_tested(is_number, column, values):
    assert np.isnan(factor_significance(column, values, is_number=is_number).p)


def test_false_discoveries_are_controlled_over_what_was_tested():
    # Benjamini-Hochberg by hand: sorted .01 .02 .04 times 3 over rank = .03 .03 .04.
    found = control_false_discoveries(np.array([0.04, np.nan, 0.01, 0.02]))
    np.testing.assert_allclose(found, [0.04, np.nan, 0.03, 0.03])
    assert np.isnan(control_false_discoveries(np.array([np.nan]))).all()
