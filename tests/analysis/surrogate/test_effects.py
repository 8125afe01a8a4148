from itertools import combinations
from math import prod

import numpy as np
import pytest
from scipy.special import eval_legendre, expit

from gradstudy.analysis.space.coordinates import INACTIVE
from gradstudy.analysis.surrogate import effects as module
from gradstudy.analysis.surrogate.effects import (
    ASLEEP,
    DEGREES,
    Basis,
    Covariances,
    Strengths,
    Variants,
    covariance,
    lower_covariance,
    products,
    spectrum_slope,
)

BASIS = Basis((np.array([0.0, 1.0, 4.0]), np.array([]), np.array([0.0, 1.0]), np.array([])))
VARIANCES, DECAYS, PAIRS, TRIPLES = np.array([0.7, 1.3, 0.4, 2.1]), np.array([-0.5, 1.5]), 0.6, 0.3


def strengths_of(variances=VARIANCES, last=1.0, *, odds=False):
    return Strengths.of(BASIS, np.array([*np.log(variances), *DECAYS, *np.log([PAIRS, TRIPLES, last])]), odds=odds)


def drawn_points(count, seed):
    random = np.random.default_rng(seed)
    points = np.column_stack(
        [
            random.choice([0.0, 1.0, 4.0], count),
            random.random(count),
            random.integers(0, 2, count),
            random.random(count),
        ]
    )
    points[points[:, 2] == 0.0, 3] = INACTIVE
    return points


def level_effect(x, y, levels):
    """Exchangeable levels whose effects have variance 1 and sum to 0: uncorrelated but for what the sum takes."""
    return (levels * (x == y) - 1.0) / (levels - 1.0)


def number_effect(x, y, decay):
    """Legendre's polynomials of variance 1, each degree's share smaller than the one before by the same ratio."""
    degrees = np.arange(1, DEGREES + 1)
    shares = expit(decay) ** degrees
    values = [(2 * degrees + 1) * eval_legendre(degrees, 2 * x - 1) * eval_legendre(degrees, 2 * y - 1)]
    return (shares / shares.sum() * values).sum()


def brute_covariance(a, b, variances):
    """The sum over all sets of one, two and three factors of the products of what they do alone."""
    alone = [
        level_effect(a[0], b[0], 3),
        number_effect(a[1], b[1], DECAYS[0]),
        level_effect(a[2], b[2], 2),
        0.0 if INACTIVE in (a[3], b[3]) else number_effect(a[3], b[3], DECAYS[1]),
    ]
    own = np.array(alone) * variances
    orders = zip((1, 2, 3), (1.0, PAIRS, TRIPLES), strict=True)
    return sum(weight * prod(some) for size, weight in orders for some in combinations(own, size))


def test_functions_of_levels_are_orthonormal_and_average_to_nothing_over_the_levels():
    functions = Basis((np.array([0.0, 1.0, 4.0]),))(np.array([[0.0], [1.0], [4.0]]))[0]
    np.testing.assert_allclose(functions.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(functions.T @ functions / 3, np.eye(2), atol=1e-12)


def test_functions_of_a_number_are_orthonormal_and_average_to_nothing_over_its_range():
    # Gauss's rule of n nodes is exact up to degree 2 n - 1.
    nodes, weights = np.polynomial.legendre.leggauss(DEGREES + 1)
    functions = Basis((np.array([]),))((nodes[:, None] + 1.0) / 2.0)[0]
    weights = weights[:, None] / 2.0
    np.testing.assert_allclose((weights * functions).sum(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose((weights * functions).T @ functions, np.eye(DEGREES), atol=1e-12)


def test_functions_are_nothing_where_a_factor_does_not_live():
    functions = BASIS(np.full((2, 4), INACTIVE))
    assert [function.shape for function in functions] == [(2, 2), (2, DEGREES), (2, 1), (2, DEGREES)]
    assert all((function == 0.0).all() for function in functions)


@pytest.mark.parametrize(("odds", "scale"), [(False, 1.0), (True, 3.0)])
def test_the_covariance_is_the_sum_over_all_single_factors_pairs_and_triples(odds, scale):
    a, b = drawn_points(9, 0), drawn_points(7, 1)
    found = covariance(BASIS(a), BASIS(b), strengths_of(last=3.0, odds=odds))
    expected = [[scale * brute_covariance(one, two, VARIANCES) for two in b] for one in a]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_a_sleeping_factor_changes_nothing():
    a, b = drawn_points(6, 0), drawn_points(5, 1)
    asleep = strengths_of(np.array([0.7, np.exp(ASLEEP), 0.4, 2.1]))
    found = covariance(BASIS(a), BASIS(b), asleep)
    expected = [[brute_covariance(one, two, [0.7, 0.0, 0.4, 2.1]) for two in b] for one in a]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    b[:, 1] = 0.987
    np.testing.assert_array_equal(covariance(BASIS(a), BASIS(b), asleep), found)


def test_the_last_hyperparameter_is_the_noise_of_a_response_and_the_scale_of_log_odds():
    response, odds = strengths_of(last=3.0), strengths_of(last=3.0, odds=True)
    assert (response.scale, response.noise) == (1.0, pytest.approx(3.0))
    assert (odds.scale, odds.noise) == (pytest.approx(3.0), 1.0)


def test_the_spectrum_falls_by_one_ratio_and_is_all_of_the_variance():
    spectrum = strengths_of().spectrum
    assert [len(shares) for shares in spectrum] == [2, DEGREES, 1, DEGREES]
    np.testing.assert_allclose([shares.sum() for shares in spectrum], 1.0)
    np.testing.assert_allclose(spectrum[3][1:] / spectrum[3][:-1], expit(DECAYS[1]))


@pytest.fixture
def at_some():
    """Points of the space of BASIS."""
    random = np.random.default_rng(7)

    def drawn(count):
        numbers = random.random((count, 2))
        return np.column_stack(
            [random.integers(0, 3, count), numbers[:, 0], random.integers(0, 2, count), numbers[:, 1]]
        )

    return drawn


def test_the_lower_covariance_is_right_up_to_its_diagonal(at_some, monkeypatch):
    monkeypatch.setattr(module, "TRIANGLE", 4)
    functions = BASIS(at_some(11))
    whole = covariance(functions, functions, strengths_of())
    np.testing.assert_allclose(np.tril(lower_covariance(functions, strengths_of())), np.tril(whole), rtol=1e-12)


@pytest.mark.parametrize("columns", [[], [1], [0, 3], [0, 1, 2, 3]])
def test_the_covariance_of_moved_points_is_the_one_that_is_made_anew(at_some, columns):
    first, moved, others = at_some(6), at_some(6), BASIS(at_some(9))
    kept = [column for column in range(4) if column not in columns]
    moved[:, kept] = first[:, kept]
    some = Covariances(others, strengths_of())
    some.of(BASIS(first))
    expected = covariance(BASIS(moved), others, strengths_of())
    np.testing.assert_allclose(some.moved(BASIS(moved), columns), expected, rtol=1e-12)


def test_variants_know_the_columns_in_which_a_block_differs(at_some):
    first = at_some(5)
    block = first[:3].copy()
    block[:, 1], block[0, 3] = 0.25, 0.75
    variants = Variants(np.concatenate([first, block, first[:3]]), 3, 2)
    assert variants.count == 5
    assert [variants.columns(start) for start in (5, 8)] == [[1, 3], []]


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_sums_over_pairs_and_triples_are_those_of_all_combinations(count):
    one = np.random.default_rng(count).normal(size=(count, 4))
    single, pairs, triples = products(one, np.empty((4, 4)))
    np.testing.assert_allclose(single, one.sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(pairs, sum((np.prod(some, axis=0) for some in combinations(one, 2)), 0.0), atol=1e-12)
    np.testing.assert_allclose(triples, sum((np.prod(some, axis=0) for some in combinations(one, 3)), 0.0), atol=1e-12)


@pytest.mark.parametrize("decay", [-4.0, -0.5, 2.0])
def test_the_slope_of_the_spectrum_is_that_of_finite_differences(decay):
    def spectrum(logit):
        shares = expit(logit) ** np.arange(DEGREES)
        return shares / shares.sum()

    expected = (spectrum(decay + 1e-5) - spectrum(decay - 1e-5)) / 2e-5
    np.testing.assert_allclose(spectrum_slope(spectrum(decay), decay), expected, atol=1e-9)
