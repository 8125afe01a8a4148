"""Where the variance of one sample and the correlation of two settle, and how fast."""

import numpy as np
import pytest
from support.mean_field_theory import (
    chi1,
    correlation_fixed_point,
    correlation_map,
    critical_weight,
    depth_scale,
    fixed_point,
    layer_norm_rate,
    variance_map,
)
from support.published import (
    BEHIND_LAYER_NORM,
    CHI_1_OF_TANH,
    CRITICAL_TANH,
    DEPTH_SCALES_OF_TANH,
    SIGMOID_CHI_1,
    SIGMOID_POWER,
)

from gradstudy.random_network import ActivationCurve

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
SELU = ActivationCurve(
    lambda z: SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0.0))),
    lambda z: SELU_SCALE * np.where(z > 0, 1.0, SELU_ALPHA * np.exp(np.minimum(z, 0.0))),
)


def test_the_variance_map_of_a_linear_layer_is_linear(curves):
    assert variance_map(curves["identity"], 0.7, 0.2, 3.0) == pytest.approx(0.7 * 3.0 + 0.2)
    assert variance_map(curves["relu"], 0.7, 0.2, 3.0) == pytest.approx(0.7 * 3.0 / 2 + 0.2)


@pytest.mark.parametrize(
    ("weight", "bias", "expected"),
    [(2.0, 0.0, 1.0), (1.0, 0.0, 0.0), (3.0, 0.0, np.inf), (2.0, 0.05, np.inf), (1.0, 1.0, 2.0), (1.0, 0.3, 0.6)],
)
def test_relu_has_the_fixed_points_of_a_line(curves, weight, bias, expected):
    # q = (weight / 2) q + bias: with weight 2 and no bias every q is one, and the start stays.
    assert fixed_point(curves["relu"], weight, bias) == pytest.approx(expected, rel=1e-9)


def test_tanh_without_bias_collapses_up_to_a_weight_of_one_and_settles_beyond(curves):
    assert fixed_point(curves["tanh"], 0.8, 0.0) == fixed_point(curves["tanh"], 1.0, 0.0) == 0.0
    slightly = fixed_point(curves["tanh"], 1.0 + 1e-4, 0.0)  # E tanh^2 = q - 2 q^2 + ..., so that q* = (weight - 1) / 2
    assert slightly == pytest.approx(0.5e-4, rel=1e-3)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "hard_tanh"])
@pytest.mark.parametrize("weight", [0.5, 1.5, 40.0])
@pytest.mark.parametrize("bias", [1e-3, 0.5])
def test_the_fixed_point_is_where_iterating_the_map_ends(curves, name, weight, bias):
    q = 1.0
    for _ in range(3000):
        q = variance_map(curves[name], weight, bias, q)
    assert fixed_point(curves[name], weight, bias) == pytest.approx(q, rel=1e-9)


def test_selu_is_its_own_normalisation():
    # Klambauer et al. 2017: mean 0 and variance 1 attract, with Var W = 1 / fan_in.
    assert fixed_point(SELU, 1.0, 0.0) == pytest.approx(1.0, abs=1e-6)


def test_sigmoid_loses_more_than_a_sixteenth_per_layer(curves):
    assert fixed_point(curves["sigmoid"], 1.0, 0.0) == pytest.approx(SIGMOID_POWER, abs=5e-6)
    assert chi1(curves["sigmoid"], 1.0, 0.0) == pytest.approx(SIGMOID_CHI_1, abs=5e-7)


@pytest.mark.parametrize(("weight", "expected"), CHI_1_OF_TANH.items())
def test_chi1_of_tanh_is_the_published_one(curves, weight, expected):
    assert chi1(curves["tanh"], weight, 0.05) == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize(("weight", "bias"), CRITICAL_TANH)
def test_the_critical_line_of_tanh_is_the_published_one(curves, weight, bias):
    """Without bias the published q* of 0 is that of the line's end."""
    found = critical_weight(curves["tanh"], bias)
    assert found == pytest.approx(weight, abs=6e-5)
    assert fixed_point(curves["tanh"], found, bias) == pytest.approx(CRITICAL_TANH[weight, bias], abs=6e-4)


@pytest.mark.parametrize(
    ("name", "expected"), [("identity", 1.0), ("relu", 2.0), ("leaky", 2 / 1.04)], ids=["identity", "relu", "leaky"]
)
def test_homogeneous_curves_are_critical_at_one_over_their_mean_squared_slope(curves, name, expected):
    assert critical_weight(curves[name], 0.0) == pytest.approx(expected, rel=1e-9)


def test_chi1_of_homogeneous_curves_is_half_the_sum_of_squared_slopes(homogeneous):
    # Also where the variance collapses or runs off.
    curve, weight, factor = homogeneous
    assert chi1(curve, weight, 0.0) == pytest.approx(factor, rel=1e-12)


def test_a_curve_without_slope_is_critical_at_no_weight():
    flat = ActivationCurve(np.ones_like, np.zeros_like)
    assert critical_weight(flat, 0.1) == np.inf


@pytest.mark.parametrize(("name", "rate"), BEHIND_LAYER_NORM.items())
def test_layer_norm_has_its_rate(curves, name, rate):
    expected, within = rate
    assert layer_norm_rate(curves[name]) == pytest.approx(expected, abs=within)


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


@pytest.mark.parametrize(("weight", "expected"), DEPTH_SCALES_OF_TANH.items())
def test_the_depth_scales_of_ordered_tanh_are_the_published_ones(curves, weight, expected):
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
    assert gradient == pytest.approx(1 / np.log(CHI_1_OF_TANH[2.5]), rel=1e-4)
    assert gradient < correlation
