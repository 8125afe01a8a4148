import numpy as np
import pytest
from support.mean_field_theory import (
    chi1,
    correlation_fixed_point,
    correlation_map,
    depth_scale,
    fixed_point,
)


@pytest.mark.parametrize("c", [0.0, 0.3, 0.9, 1.0])
def test_two_samples_of_a_relu_network_approach_by_the_arc_cosine_kernel(curves, c):
    # Cho & Saul 2009, whatever the weight
    expected = (np.sqrt(1 - c**2) + (np.pi - np.arccos(c)) * c) / np.pi
    assert correlation_map(curves["relu"], 2.0, 0.0, 1.0, c) == pytest.approx(expected, abs=1e-6)
    assert correlation_map(curves["relu"], 0.7, 0.0, 5.0, c) == pytest.approx(expected, abs=1e-6)


def test_a_bias_brings_samples_together(curves):
    assert correlation_map(curves["identity"], 0.5, 0.5, 1.0, 0.2) == pytest.approx(0.5 * 0.2 + 0.5)


def test_the_slope_of_the_map_at_equal_samples_is_chi1(curves):
    weight, bias, step = 2.5, 0.05, 1e-4
    q = fixed_point(curves["tanh"], weight, bias)
    slope = (1.0 - correlation_map(curves["tanh"], weight, bias, q, 1.0 - step)) / step
    assert slope == pytest.approx(chi1(curves["tanh"], weight, bias), rel=1e-3)


@pytest.mark.parametrize(("weight", "bias"), [(0.5, 0.05), (1.3, 0.05), (2.0, 0.3), (0.9, 0.0)])
def test_samples_become_one_in_the_ordered_phase(curves, weight, bias):
    assert correlation_fixed_point(curves["tanh"], weight, bias) == 1.0


@pytest.mark.parametrize(("weight", "bias"), [(2.5, 0.05), (4.0, 0.05), (3.0, 0.3)])
def test_samples_stay_apart_in_the_chaotic_phase_where_iterating_the_map_ends(curves, weight, bias):
    q, c = fixed_point(curves["tanh"], weight, bias), 0.9
    for _ in range(300):
        c = correlation_map(curves["tanh"], weight, bias, q, c)
    assert correlation_fixed_point(curves["tanh"], weight, bias) == pytest.approx(c, abs=1e-6)


def test_an_odd_curve_without_bias_makes_chaotic_samples_independent(curves):
    assert correlation_fixed_point(curves["tanh"], 4.0, 0.0) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("weight", "expected"), [(1.0, 3.627), (1.3, 7.834)])
def test_the_depth_scales_of_ordered_tanh_are_the_published_ones(curves, weight, expected):
    # G10
    assert depth_scale(curves["tanh"], weight, 0.05) == pytest.approx((expected, expected), abs=5e-4)


@pytest.mark.parametrize(("weight", "expected"), [(1.0, 21.8), (1.4, 64.0), (2.5, 71.0), (4.0, 42.0)])
def test_six_correlation_scales_are_the_trainable_depths(curves, weight, expected):
    # G11
    assert 6 * depth_scale(curves["tanh"], weight, 0.05)[1] == pytest.approx(expected, rel=7e-3)


def test_depth_scales_diverge_on_the_critical_line(curves):
    assert min(depth_scale(curves["tanh"], 1.7610, 0.05)) > 1e4
    assert depth_scale(curves["identity"], 1.0, 0.0) == (np.inf, np.inf)


def test_the_gradient_grows_over_a_shorter_scale_than_chaotic_samples_part(curves):
    gradient, correlation = depth_scale(curves["tanh"], 2.5, 0.05)
    assert gradient == pytest.approx(1 / np.log(1.13352), rel=1e-4)  # G9
    assert gradient < correlation
