"""Means over Gaussian numbers, and over a batch of them that was normalised: a sphere."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf
from scipy.stats import norm

from gradstudy.analysis.theory.expectations import (
    expectation,
    pair_expectation,
    slope_power,
    sphere_expectation,
    sphere_pair,
    value_power,
)

BATCHES = [4, 5, 8, 32, 256, 4096]
POWERS = [1e-6, 0.3, 1.0, 7.0, 1e4]


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("degree", [2, 4, 6])
def test_even_moments_are_double_factorials(power, degree):
    double_factorial = {2: 1, 4: 3, 6: 15}[degree]
    assert expectation(lambda z: z**degree, power) == pytest.approx(double_factorial * power ** (degree / 2), rel=1e-10)


@pytest.mark.parametrize("power", POWERS)
def test_kinked_curves_have_their_closed_forms(curves, power):
    assert value_power(curves["relu"], power) == pytest.approx(power / 2, rel=1e-12)
    assert slope_power(curves["relu"], power) == pytest.approx(1 / 2, rel=1e-12)
    assert slope_power(curves["leaky"], power) == pytest.approx((1 + 0.2**2) / 2, rel=1e-12)
    within = 2 * norm.cdf(1 / np.sqrt(power)) - 1
    assert slope_power(curves["hard_tanh"], power) == pytest.approx(within, rel=1e-10)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "gelu"])
@pytest.mark.parametrize("power", [0.3, 1.0, 7.0, 400.0])
def test_smooth_curves_agree_with_adaptive_integration(curves, name, power):
    def integrand(z):
        return float(curves[name].value(np.array(z))) ** 2 * norm.pdf(z, scale=np.sqrt(power))

    end = 9 * np.sqrt(power)
    expected = quad(integrand, -end, end, points=[-2, 0, 2], limit=500, epsabs=0, epsrel=1e-10)[0]
    assert value_power(curves[name], power) == pytest.approx(expected, rel=1e-8)


def test_a_kink_at_a_place_that_is_not_round_costs_little():
    share = expectation(lambda z: (z > 0.37) * 1.0, 1.0)
    assert share == pytest.approx(norm.sf(0.37), abs=1e-2)


def test_powers_of_any_shape_are_taken_one_by_one(curves):
    powers = np.array([[0.0, 0.5, 2.0], [1e-8, 30.0, 1e6]])
    together = value_power(curves["hard_tanh"], powers)
    assert together.shape == powers.shape
    np.testing.assert_allclose(
        together, np.vectorize(lambda q: value_power(curves["hard_tanh"], q))(powers), rtol=1e-13
    )


def test_a_power_of_zero_is_that_of_zeros_and_one_that_exploded_is_taken_as_a_limit(curves):
    ends = np.array([0.0, np.inf])
    np.testing.assert_array_equal(value_power(curves["relu"], ends), [0.0, np.inf])
    np.testing.assert_allclose(value_power(curves["sigmoid"], ends), [1 / 4, 1 / 2], rtol=1e-9)
    np.testing.assert_allclose(slope_power(curves["relu"], ends), [0.0, 1 / 2], rtol=1e-12)
    np.testing.assert_allclose(slope_power(curves["leaky"], ends), [0.2**2, (1 + 0.2**2) / 2], rtol=1e-12)
    np.testing.assert_allclose(slope_power(curves["tanh"], ends), [1.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("correlation", [-1.0, -0.4, 0.0, 0.7, 0.999, 1.0])
@pytest.mark.parametrize("power", [0.2, 1.0, 50.0])
def test_pairs_of_relu_and_of_its_slope_have_the_arc_cosine_kernels(curves, correlation, power):
    # Cho & Saul 2009
    angle = np.arccos(correlation)
    value = power * (np.sin(angle) + (np.pi - angle) * correlation) / (2 * np.pi)
    assert pair_expectation(curves["relu"].value, power, correlation) == pytest.approx(value, abs=1e-7 * power)
    slope = (np.pi - angle) / (2 * np.pi)
    assert pair_expectation(curves["relu"].slope, power, correlation) == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("correlation", [-0.6, 0.0, 0.5, 0.95])
@pytest.mark.parametrize("power", [0.5, 3.0])
def test_pairs_of_the_error_function_have_williams_kernel(correlation, power):
    # Williams 1997: E erf(a) erf(b) = (2 / pi) arcsin(2 c q / (1 + 2 q))
    expected = 2 / np.pi * np.arcsin(2 * correlation * power / (1 + 2 * power))
    assert pair_expectation(erf, power, correlation) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("batch", BATCHES)
def test_moments_are_those_of_normalised_numbers(batch):
    # The sum of y is 0 and that of y^2 is B; of a coordinate of a sphere in n dimensions E t^4 = 3 / (n (n + 2)).
    assert sphere_expectation(lambda y: y, batch) == pytest.approx(0.0, abs=1e-12)
    assert sphere_expectation(lambda y: y**2, batch) == pytest.approx(1.0, rel=1e-9)
    assert sphere_expectation(lambda y: y**4, batch) == pytest.approx(3 * (batch - 1) / (batch + 1), rel=1e-9)


@pytest.mark.parametrize("batch", BATCHES)
def test_pairs_are_what_two_sums_over_the_batch_leave(batch):
    # (sum y)^2 = 0 and (sum y^2)^2 = B^2, each B times a square plus B (B - 1) times a pair.
    assert sphere_pair(lambda y: y, batch) == pytest.approx(-1 / (batch - 1), rel=1e-9)
    fourth = 3 * (batch - 1) / (batch + 1)
    assert sphere_pair(lambda y: y**2, batch) == pytest.approx((batch - fourth) / (batch - 1), rel=1e-9)


@pytest.mark.parametrize("batch", BATCHES)
def test_normalised_pairs_of_relu_and_of_its_slope_have_the_arc_cosine_kernels(curves, batch):
    # Directions alone matter to a homogeneous curve, so that a sphere has the kernels of Gaussians at c = -1 / (B - 1).
    c = -1 / (batch - 1)
    value = (np.sqrt(1 - c**2) + (np.pi - np.arccos(c)) * c) / (2 * np.pi)
    assert sphere_pair(curves["relu"].value, batch) == pytest.approx(value, rel=1e-7)
    assert sphere_pair(curves["relu"].slope, batch) == pytest.approx((np.pi - np.arccos(c)) / (2 * np.pi), rel=1e-5)


@pytest.mark.parametrize("name", ["tanh", "hard_tanh", "sigmoid", "gelu"])
@pytest.mark.parametrize("batch", [4, 8])
def test_any_curve_agrees_with_drawn_batches(curves, name, batch):
    z = np.random.default_rng(0).normal(size=(400_000, batch))
    y = z - z.mean(1, keepdims=True)
    y /= np.sqrt((y**2).mean(1, keepdims=True))
    for function in (curves[name].value, curves[name].slope, lambda y: curves[name].slope(y) * y):
        values = function(y)
        squares = (values**2).mean(1)
        pairs = (values.sum(1) ** 2 - (values**2).sum(1)) / (batch * (batch - 1))
        error = [5 * column.std() / np.sqrt(len(column)) for column in (squares, pairs)]
        assert sphere_expectation(lambda y, f=function: f(y) ** 2, batch) == pytest.approx(squares.mean(), abs=error[0])
        assert sphere_pair(function, batch) == pytest.approx(pairs.mean(), abs=error[1])


def test_a_large_batch_is_independent_gaussians(curves):
    value = curves["sigmoid"].value
    assert sphere_pair(value, np.inf) == pytest.approx(1 / 4, rel=1e-12)
    assert sphere_pair(value, 10**6) == pytest.approx(1 / 4, abs=1e-6)
    assert sphere_expectation(lambda y: value(y) ** 2, 10**6) == pytest.approx(
        sphere_expectation(lambda y: value(y) ** 2, np.inf), abs=1e-6
    )
