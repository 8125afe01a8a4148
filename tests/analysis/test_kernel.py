import numpy as np
import pytest
from scipy.special import gamma, kv

from gradstudy.analysis.kernel import MIDDLE, columns, correlation, log_slopes
from gradstudy.analysis.space import INACTIVE

SMOOTH = np.array([True, False, True])
RELEVANCE = np.array([0.7, 0.4, 3.0])


@pytest.fixture
def points():
    random = np.random.default_rng(0)
    return np.column_stack([random.random(12), random.integers(0, 3, 12), random.random(12)])


def matern(distance, nu=2.5):
    scaled = np.sqrt(2 * nu) * distance
    return 1.0 if scaled == 0.0 else 2 ** (1 - nu) / gamma(nu) * scaled**nu * kv(nu, scaled)


def test_the_kernel_is_the_product_of_matern_and_exchangeable_ones(points):
    expected = [
        [
            matern(0.7 * abs(a[0] - b[0])) * (1.0 if a[1] == b[1] else np.exp(-0.4)) * matern(3.0 * abs(a[2] - b[2]))
            for b in points
        ]
        for a in points
    ]
    np.testing.assert_allclose(correlation(points, points, RELEVANCE, SMOOTH), expected, rtol=1e-10)


def test_a_column_without_relevance_changes_nothing(points):
    alone = correlation(points[:, :1], points[:, :1], RELEVANCE[:1], SMOOTH[:1])
    np.testing.assert_allclose(correlation(points, points, np.array([0.7, 0.0, 0.0]), SMOOTH), alone)


def test_slopes_are_those_of_finite_differences(points):
    slopes, step = log_slopes(points, RELEVANCE, SMOOTH), 1e-6
    for column in range(3):
        shift = step * np.eye(3)[column]
        ends = [np.log(correlation(points, points, RELEVANCE * np.exp(sign * shift), SMOOTH)) for sign in (1, -1)]
        np.testing.assert_allclose(slopes[column], (ends[0] - ends[1]) / (2 * step), atol=1e-7)


def test_a_conditional_number_becomes_its_value_and_whether_it_lives():
    found = columns(np.array([[0.2, 1.0], [INACTIVE, 0.0]]), [0])
    assert found.tolist() == [[0.2, 1.0, 1.0], [MIDDLE, 0.0, 0.0]]


@pytest.mark.parametrize("relevance", [0.05, 1.0, 20.0])
def test_the_kernel_is_positive_definite_where_some_values_are_inactive(relevance):
    random = np.random.default_rng(1)
    values = np.where(random.random(60) < 0.5, INACTIVE, random.random(60))
    found = columns(np.column_stack([values, random.integers(0, 3, 60)]), [0])
    kernel = correlation(found, found, np.array([relevance, 0.1, 0.3]), np.array([True, False, False]))
    assert np.linalg.eigvalsh(kernel).min() > -1e-10
