import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf
from scipy.stats import norm

from gradstudy.analysis.theory.expectations import expectation, pair_expectation, slope_power, value_power

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
