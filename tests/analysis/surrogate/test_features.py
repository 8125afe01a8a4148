import numpy as np
import pytest

from gradstudy.analysis.surrogate.effects import ASLEEP, Basis, Strengths, covariance
from gradstudy.analysis.surrogate.gaussian_process import PRODUCTS, prior_features

BASIS = Basis((np.array([0.0, 1.0, 2.0]), np.array([]), np.array([0.0, 1.0]), np.array([])))


def strengths_of(variances, last=1.0, *, odds=False):
    return Strengths.of(BASIS, np.array([*np.log(variances), -0.5, 0.5, *np.log([0.8, 0.5, last])]), odds=odds)


@pytest.fixture
def functions():
    random = np.random.default_rng(0)
    points = np.column_stack([np.arange(6) % 3, random.random(6), np.arange(6) % 2, random.random(6)])
    points[1, 3] = -1.0
    return BASIS(points.astype(float))


@pytest.mark.parametrize(("odds", "last"), [(False, 0.3), (True, 4.0)])
def test_products_of_features_are_the_covariance_on_average(functions, odds, last):
    strengths, random = strengths_of([0.5, 1.0, 0.3, 0.7], last, odds=odds), np.random.default_rng(1)
    count = 1000
    drawn = []
    for _ in range(count):
        values = prior_features(BASIS, strengths, random)[1](functions)
        drawn.append(values @ values.T)
    # Five standard errors of a mean of this many, for each of 36 entries: 1 in 50 000 draws of this test is beyond.
    tolerance = 5.0 * np.std(drawn, axis=0) / np.sqrt(count)
    away = np.abs(np.mean(drawn, axis=0) - covariance(functions, functions, strengths))
    assert (away < tolerance).all()
    assert (tolerance < 0.12 * covariance(functions, functions, strengths).max()).all()


def test_one_draw_is_the_same_function_wherever_it_is_asked(functions):
    _, features = prior_features(BASIS, strengths_of([0.5, 1.0, 0.3, 0.7]), np.random.default_rng(2))
    halves = [features([one[part] for one in functions]) for part in (slice(0, 4), slice(4, 6))]
    np.testing.assert_allclose(np.concatenate(halves), features(functions), rtol=1e-12)


@pytest.mark.parametrize("factor", range(4))
def test_effects_of_a_lonely_factor_are_exact(functions, factor):
    variances = np.exp(np.where(np.arange(4) == factor, 0.0, ASLEEP))
    strengths = strengths_of(variances)
    number, features = prior_features(BASIS, strengths, np.random.default_rng(3))
    values = features(functions)
    assert values.shape == (6, number)
    np.testing.assert_allclose(values @ values.T, covariance(functions, functions, strengths), atol=1e-12)


def test_features_are_counted_as_they_come_and_none_is_of_a_sleeping_factor(functions):
    strengths = strengths_of([0.5, np.exp(ASLEEP), 0.3, np.exp(ASLEEP)])
    number, features = prior_features(BASIS, strengths, np.random.default_rng(4))
    assert number == 2 + 1 + PRODUCTS
    functions[1][:], functions[3][:] = np.nan, np.nan
    assert np.isfinite(features(functions)).all()
    assert features(functions).shape == (6, number)


def test_nothing_awake_is_nothing_drawn(functions):
    number, features = prior_features(BASIS, strengths_of(np.full(4, np.exp(ASLEEP))), np.random.default_rng(5))
    assert number == 0
    assert features(functions).shape == (6, 0)
