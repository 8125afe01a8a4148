"""The mean field of tanh networks (G9, G10): where gradients neither vanish nor explode, and how far they reach."""

import numpy as np
import pytest
from support.flows import factor, initial, measured, perceptron, variance
from support.published import CHI_1_OF_TANH, CRITICAL_TANH, DEPTH_SCALES_OF_TANH


def tanh_stack(weights, biases, *, width=256, depth=30):
    return [*perceptron(width, depth), *variance(weights, biases), "activation=tanh"]


@pytest.mark.parametrize("place", [place for place in CRITICAL_TANH if place != (1.0, 0.0)], ids=str)
def test_the_gradient_of_a_tanh_network_keeps_its_size_on_the_critical_line(place):
    """And z has settled at its q* over the deeper two thirds."""
    measurement = measured(*tanh_stack(*place), seeds=5)
    powers = np.square(initial(measurement, "activation_rms"))
    assert factor(measurement) == pytest.approx(1, rel=0.02)
    assert powers[len(powers) // 3 :].mean() == pytest.approx(CRITICAL_TANH[place], rel=0.02)


def test_the_line_starts_at_a_variance_of_1_where_signals_are_small_and_tanh_is_linear():
    """q* = 0 is approached as 1 / l only, and chi_1 = 1 holds at q* itself: the inputs start there."""
    measurement = measured(*tanh_stack(1, 0), "task.scale=1e-3", seeds=5)
    assert factor(measurement) == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize(("weights", "expected"), CHI_1_OF_TANH.items())
def test_chi_1_says_what_a_tanh_layer_does_off_the_line(weights, expected):
    measurement = measured(*tanh_stack(weights, 0.05, depth=40), seeds=5)
    assert factor(measurement, first=10) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(("weights", "depth_scale"), DEPTH_SCALES_OF_TANH.items())
def test_gradients_and_the_likeness_of_samples_share_their_depth_scale_in_the_ordered_phase(weights, depth_scale):
    """xi = 1 / |ln chi_1| of the gradient, and xi_c = -1 / ln chi_1 of 1 - c_l (Schoenholz et al. 2017).

    1 - c_l of unlike inputs falls faster at first (for 1.3 the mean-field map from c = 0 has xi_c = 6.86 at layers 5 to
    14, and ends at 7.83), so the second half is read.
    """
    measurement = measured(*tanh_stack(weights, 0.05, width=400, depth=40), "record=sample_correlation", seeds=6)
    assert -1 / np.log(factor(measurement)) == pytest.approx(depth_scale, rel=0.08)
    unlike = np.log(1 - initial(measurement, "sample_correlation"))
    assert 19 / (unlike[20] - unlike[39]).mean() == pytest.approx(depth_scale, rel=0.08)
