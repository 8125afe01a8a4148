import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gradstudy.analysis.ranking.significance import (
    Significance,
    control_false_discoveries,
    factor_significance,
    level_significance,
    number_significance,
    parts_of,
)
from gradstudy.analysis.space.coordinates import INACTIVE, encode
from gradstudy.records import Factor
from gradstudy.search.screen.design import design

X = np.random.default_rng(0).random(64)


def test_a_trend_is_found_by_spearman_and_a_valley_by_its_fifths():
    trend, valley = number_significance(X, X**3), number_significance(X, (X - 0.5) ** 2)
    assert (trend.test, valley.test) == ("Spearman", "Kruskal-Wallis")
    assert max(trend.p, valley.p) < 1e-6


def test_looking_twice_doubles_the_p_value():
    for values, test in ((X**3 + 0.5 * X[::-1], "Spearman"), ((X - 0.5) ** 2, "Kruskal-Wallis")):
        fifths = [values[(low <= X) & (low + 0.2 > X)] for low in np.arange(5) / 5]
        p = {"Spearman": stats.spearmanr(X, values).pvalue, "Kruskal-Wallis": stats.kruskal(*fifths).pvalue}
        assert min(p, key=p.get) == test
        assert number_significance(X, values) == Significance(test, pytest.approx(2 * p[test]))


def test_the_p_value_of_fifths_is_that_of_random_divisions():
    """Of 20,000 permutations; the asymptotic p-value of 64 trials is right to a fifth of it."""
    values = (X - 0.45) ** 2 + 0.15 * np.random.default_rng(5).random(64)
    part, random = parts_of(X), np.random.default_rng(6)
    ranks = np.tile(stats.rankdata(values), (20_000, 1))
    shuffled = random.permuted(ranks, axis=1)

    def spread(rows):
        return sum(rows[:, part == one].sum(axis=1) ** 2 / (part == one).sum() for one in range(5))

    exact = (spread(shuffled) >= spread(ranks[:1]) - 1e-6).mean()
    assert number_significance(X, values).test == "Kruskal-Wallis"
    assert number_significance(X, values).p / 2 == pytest.approx(exact, rel=0.2, abs=0.002)


def test_a_number_that_takes_two_values_is_not_looked_at_twice_when_they_lie_in_one_fifth():
    close, values = np.repeat([0.41, 0.45], 16), np.arange(32.0)
    assert number_significance(close, values).p == pytest.approx(stats.spearmanr(close, values).pvalue)
    assert number_significance(close, values).test == "Spearman"


def test_fifths_of_the_range_hold_their_lower_end_and_the_last_its_upper():
    assert parts_of(np.array([0.0, 0.1999, 0.2, 0.5, 0.8, 1.0])).tolist() == [0, 0, 1, 2, 4, 4]


CAUSES = (Factor("act", ("relu", "tanh", "sigmoid")), Factor("lr", low=1e-4, high=1e-1, log=True), Factor("gain"))
NULLS = tuple(Factor(f"null_{which}") for which in range(9))


@pytest.mark.slow
def test_null_numbers_are_as_rarely_significant_as_the_level_says_in_a_screens_own_design():
    """30 designs of 256 trials with 9 null numbers beside three strong causes: where xi raised an alarm for up to 40 %.

    At .05 it would be 13.5 of 270, and 19 or more come once in 12; that is .07. A design is more even than chance, so
    that fewer are expected.
    """
    p = []
    for seed in range(30):
        factors = (*CAUSES, *NULLS)
        act, lr, gain, *nulls = encode(pd.DataFrame(design(factors, [256], seed)), factors).T
        noise = 0.3 * np.random.default_rng(seed).normal(size=256)
        values = 2 * (act == 2) + 3 * lr + 4 * (gain - 0.5) ** 2 * (act == 0) + noise
        assert factor_significance(lr, values, is_number=True).p < 1e-6
        p += [factor_significance(column, values, is_number=True).p for column in nulls]
    assert np.mean(np.array(p) < 0.05) < 0.07


def test_null_numbers_of_independent_trials_have_uniform_p_values_but_for_looking_twice():
    """Each of the two tests is uniform, so that the smaller one doubled is at most as often small as the level says."""
    random = np.random.default_rng(8)
    p = np.array([number_significance(random.random(100), random.random(100)).p for _ in range(500)])
    for level in (0.01, 0.05, 0.2):
        error = np.sqrt(level / 500)
        assert level / 2 - 3 * error < (p < level).mean() < level + 3 * error


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
