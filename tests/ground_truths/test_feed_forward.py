"""Feed-forward initialisation (G1 to G8, G16): what each law does to the gradient of a plain stack, layer by layer."""

import numpy as np
import pytest
from support.flows import decades, factor, forward_factor, initial, log_ratio, measured, perceptron, variance
from support.published import SIGMOID_CHI_1, SIGMOID_POWER

STACK = perceptron(width=128, depth=20)


def test_standard_init_keeps_a_third_of_the_gradient_per_linear_layer():
    """Glorot & Bengio 2010, eq. 1: n Var U(-1/sqrt n, 1/sqrt n) = 1/3."""
    assert factor(measured(*STACK, "init=default", "activation=identity")) == pytest.approx(1 / 3, rel=0.03)


def test_standard_init_keeps_a_third_of_the_signal_per_linear_layer():
    """Without the biases of PyTorch's law, whose own power would outlive that of the inputs."""
    law = ["init=uniform", f"init.limit={128**-0.5}"]
    assert forward_factor(measured(*STACK, *law, "activation=identity")) == pytest.approx(1 / 3, rel=0.03)


@pytest.mark.parametrize("init", ["xavier_normal", "xavier_uniform"])
def test_normalised_init_keeps_gradient_and_signal_of_linear_layers(init):
    """Glorot & Bengio 2010, eq. 12: Var W = 2 / (n_in + n_out)."""
    measurement = measured(*STACK, f"init={init}", "activation=identity")
    assert factor(measurement) == pytest.approx(1, rel=0.03)
    assert forward_factor(measurement) == pytest.approx(1, rel=0.03)


@pytest.mark.parametrize(
    ("init", "activation", "expected"),
    [
        ("init=kaiming_normal", ["relu"], 1),
        ("init=kaiming_uniform", ["relu"], 1),
        ("init=xavier_normal", ["relu"], 1 / 2),
        ("init=default", ["relu"], 1 / 6),
        ("init=kaiming_normal", ["leaky_relu", "activation.negative_slope=0.2"], 1.04),
    ],
)
def test_rectifiers_pass_half_of_the_power_and_leaky_ones_a_little_more(init, activation, expected):
    """He et al. 2015: r = s2 (1 + a^2) / 2 for a leaky slope a."""
    name, *coefficients = activation
    measurement = measured(*STACK, init, f"activation={name}", *coefficients)
    assert factor(measurement) == pytest.approx(expected, rel=0.03)


def test_the_law_made_for_a_leaky_slope_keeps_its_gradient():
    law = ["init=kaiming_normal", "init.nonlinearity=leaky_relu", "init.negative_slope=0.2"]
    measurement = measured(*STACK, *law, "activation=leaky_relu", "activation.negative_slope=0.2")
    assert factor(measurement) == pytest.approx(1, rel=0.03)


@pytest.mark.parametrize(("init", "lost"), [("xavier_normal", 29), ("kaiming_normal", 0)])
def test_thirty_layers_of_xavier_lose_29_octaves_where_he_loses_none(init, lost):
    """He et al. 2015: the power falls by 2^29 from z_30 to z_1; the seeds differ by the width's .36 octaves."""
    measurement = measured(*perceptron(width=256, depth=30, batch=32), f"init={init}", "activation=relu")
    octaves = log_ratio(initial(measurement, "signal")) / np.log(2)
    assert octaves.mean() == pytest.approx(-lost, abs=0.5)


def test_a_std_of_0_01_shrinks_the_gradient_of_vgg_b_by_17022():
    """He et al. 2015, section 2.2: 1 / (5.9 x 4.2^2 x 2.9^2 x 2.1^4) from conv10 to conv2.

    ReLU networks without biases are homogeneous, and a seed draws the same numbers under both laws: what a layer of
    64, 128, 256 or 512 channels shrinks by is exact.
    """
    shrinks = [shrink_against_he(channels) for channels in (64, 128, 256, 512)]
    np.testing.assert_allclose(shrinks, [(2 / (9 * d)) ** 0.5 / 0.01 for d in (64, 128, 256, 512)], rtol=1e-12)
    printed = [round(shrink, 1) for shrink in shrinks]
    assert printed == [5.9, 4.2, 2.9, 2.1]
    assert np.prod(np.power(printed, [1, 2, 2, 4])) == pytest.approx(17022.5, abs=0.1)


def shrink_against_he(channels):
    """By what does one convolution of so many channels shrink dL/dz further with std .01 than with He's law?"""
    size = ["model=cnn", f"model.width={channels}", "model.depth=2", "task.features=3", "task.outputs=8"]
    images = ["task.side=2", "task.batch_size=2", "activation=relu"]
    gains = [
        log_ratio(initial(measured(*size, *images, *init, seeds=1), "signal"))
        for init in (["init=kaiming_normal"], ["init=normal", "init.std=0.01"])
    ]
    return float(np.exp((gains[0] - gains[1]) / 2)[0])


def test_no_sigmoid_layer_passes_more_than_a_quarter_of_its_largest_singular_value():
    """||g_l|| <= ||W||_2 ||g_{l+1}|| / 4 for every single sample, and no bound is met with equality."""
    settings = [*perceptron(width=64, depth=21, batch=1), "init=lecun", "activation=sigmoid"]
    measurement = measured(*settings, seeds=16, weights=True)
    signal = initial(measurement, "signal")
    names = [f"layer_{layer:02d}.weight" for layer in range(2, 22)]
    largest = np.array([[np.linalg.norm(r.weights[name], 2) for r in measurement.records] for name in names])
    shares = signal[:-1] / (largest * signal[1:] / 4)
    assert shares.shape == (20, 16)
    assert 0 < shares.min() <= shares.max() < 1


def test_sigmoid_passes_an_eighteenth_of_the_power():
    measurement = measured(*STACK, "init=lecun", "activation=sigmoid", seeds=40)
    assert factor(measurement) == pytest.approx(SIGMOID_CHI_1, rel=0.02)
    assert np.square(initial(measurement, "activation_rms")[5:]).mean() == pytest.approx(SIGMOID_POWER, rel=0.02)


@pytest.mark.parametrize("variance_of_weights", [1 / 3, 1, 2])
def test_weight_gradients_hide_what_the_signal_loses(variance_of_weights):
    """||dL/dW_l||^2 ~ ||h_{l-1}||^2 ||dL/dz_l||^2 is flat while dL/dz falls by s2 / 2 per layer (Glorot & Bengio 2010).

    So a ratio of weight gradients finds nothing wrong with Xavier and ReLU.
    """
    settings = [*perceptron(width=256, depth=20, batch=32), *variance(variance_of_weights), "activation=relu"]
    measurement = measured(*settings, seeds=10)
    places = measurement.records[0].series["gradient"].places
    by_place = dict(zip(places, initial(measurement, "gradient"), strict=True))
    weights = log_ratio(np.stack([by_place["layer_01.weight"], by_place["layer_20.weight"]])) / np.log(10)
    assert weights.mean() == pytest.approx(0, abs=0.15)
    assert decades(measurement) == pytest.approx(19 * np.log10(variance_of_weights / 2), abs=0.15)
