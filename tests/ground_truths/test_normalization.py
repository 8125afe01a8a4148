"""Normalised networks (G25 to G29, trap T10): what a norm does to gradients, and to the scale of weights."""

import numpy as np
import pytest
from support.flows import EXACT_NORM, PROTOCOL, factor, initial, measured, perceptron
from support.published import BEHIND_BATCH_NORM, BEHIND_LAYER_NORM, linear_behind_batch_norm, relu_behind_batch_norm

import gradstudy

HIDDEN = [f"layer_{layer:02d}.weight" for layer in range(1, 21)]
BATCH, LAYER = ["normalization=batch", EXACT_NORM], ["normalization=layer", EXACT_NORM]


def stack(activation, norm, *, batch, width=256, gain=1.0):
    """20 layers, Var W = gain^2 / n."""
    return [*perceptron(width, 20, batch), *norm, f"activation={activation}", "init=lecun", f"init.gain={gain}"]


@pytest.mark.parametrize("norm", [BATCH, LAYER], ids=["batch", "layer"])
def test_what_a_normalised_layer_does_to_the_gradient_does_not_depend_on_the_scale_of_its_weights(norm):
    factors = [factor(measured(*stack("relu", norm, batch=32, width=64, gain=gain), seeds=2)) for gain in (0.1, 1, 10)]
    np.testing.assert_allclose(factors, factors[1], rtol=1e-9)


@pytest.mark.parametrize("batch", [8, 32])
def test_small_batches_make_relu_networks_with_batch_norm_explode_faster(batch):
    """The variance of what a batch of 8 makes is large, so that 12 networks are averaged."""
    measurement = measured(*stack("relu", BATCH, batch=batch), seeds=12)
    assert factor(measurement) == pytest.approx(relu_behind_batch_norm(batch), rel=0.03)


@pytest.mark.parametrize("batch", [8, 32])
def test_small_batches_make_even_linear_networks_with_batch_norm_explode(batch):
    measurement = measured(*stack("identity", BATCH, batch=batch), seeds=12)
    assert factor(measurement) == pytest.approx(linear_behind_batch_norm(batch), rel=0.03)


@pytest.mark.parametrize("activation", BEHIND_BATCH_NORM)
def test_behind_a_batch_norm_the_activation_alone_decides(activation):
    """It makes ReLU explode, and sigmoid, which passes .056 without a norm, passes everything (Yang et al. 2019)."""
    measurement = measured(*stack(activation, BATCH, batch=256), seeds=4)
    assert factor(measurement) == pytest.approx(
        BEHIND_BATCH_NORM[activation][0], rel=0.02 if activation == "relu" else 0.03
    )


@pytest.mark.parametrize("activation", BEHIND_LAYER_NORM)
def test_behind_a_layer_norm_the_activation_alone_decides(activation):
    measurement = measured(*stack(activation, LAYER, batch=32))
    assert factor(measurement) == pytest.approx(BEHIND_LAYER_NORM[activation][0], rel=0.03)


@pytest.mark.parametrize("norm", [BATCH, LAYER], ids=["batch", "layer"])
def test_ten_times_the_weights_leave_what_is_behind_a_norm_alone_and_take_a_tenth_of_their_gradient(norm):
    """The read-out has no norm behind it: its own factor of 10 is in the loss, and in every gradient that enters."""
    small, large = (measured(*stack("tanh", norm, batch=32, width=64, gain=gain), seeds=2) for gain in (1, 10))
    np.testing.assert_allclose(initial(large, "loss") / 10, initial(small, "loss"), rtol=1e-6)
    np.testing.assert_allclose(hidden_gradients(large) / 10, 0.1 * hidden_gradients(small), rtol=1e-6)
    np.testing.assert_allclose(initial(large, "signal") / 10, 0.1 * initial(small, "signal"), rtol=1e-6)


def hidden_gradients(measurement):
    """RMS of the gradient of every hidden weight, [layer, seed]."""
    places = measurement.records[0].series["gradient"].places
    return initial(measurement, "gradient")[[places.index(name) for name in HIDDEN]]


def first_gradients(norm):
    """Weight and gradient of every hidden map [unit, in]: one step of descent with rate 1 subtracts the gradient."""
    settings = stack("tanh", norm, batch=32, width=64)
    before = measured(*settings, seeds=1, weights=True).records[0].weights
    descent = [*PROTOCOL, *settings, "budget.steps=1", "optimizer=sgd", "lr=constant", "lr.value=1"]
    after = gradstudy.measure(descent, seeds=1, weights=True).records[0].weights
    return np.stack([before[name] for name in HIDDEN]), np.stack([before[name] - after[name] for name in HIDDEN])


def cosine(one, other, axes):
    lengths = np.sqrt(np.square(one).sum(axes) * np.square(other).sum(axes))
    return (one * other).sum(axes) / lengths


def test_weights_and_their_gradient_are_orthogonal_per_unit_behind_a_batch_norm():
    weights, gradients = first_gradients(BATCH)
    assert np.abs(cosine(weights, gradients, axes=2)).max() < 1e-6


def test_weights_and_their_gradient_are_orthogonal_as_a_whole_behind_a_layer_norm_and_not_per_unit():
    weights, gradients = first_gradients(LAYER)
    assert np.abs(cosine(weights, gradients, axes=(1, 2))).max() < 1e-6
    assert np.abs(cosine(weights, gradients, axes=2)).mean() > 0.01


@pytest.mark.parametrize(("std", "expected"), [(1e-4, 0.0418), (1e-2, 0.9977)])
def test_the_default_eps_takes_away_what_tiny_weights_make(std, expected):
    """A batch norm's output has the variance v / (v + 1e-5), v = 128 std^2 (1/2 - 1/(2 pi)) behind ReLU.

    The inputs are large, so z_2 sees units of variance 1 under either eps; z_3 shows what the norm made of z_2.
    """
    variance = 128 * std**2 * (1 / 2 - 1 / (2 * np.pi))
    assert variance / (variance + 1e-5) == pytest.approx(expected, abs=1e-4)
    settings = [*perceptron(width=128, depth=3, batch=256), "task.scale=1e6", "activation=relu"]
    law = ["init=normal", f"init.std={std}"]
    powers = [
        np.square(initial(measured(*settings, *law, *norm, seeds=4), "activation_rms"))
        for norm in (["normalization=batch"], BATCH)
    ]
    np.testing.assert_allclose(powers[0][:2], powers[1][:2], rtol=1e-6)
    assert (powers[0][2] / powers[1][2]).mean() == pytest.approx(expected, rel=0.03)
