"""Clipping, Adam's eps and float32's range (G47, G48, G50, G51): what stands between a gradient and its step."""

import numpy as np
import pytest
import torch
from support.factorial import decades_per_layer
from support.flows import initial, measured, perceptron, variance

import gradstudy
from gradstudy.factors.clipping import Threshold
from gradstudy.factors.optimizer import Sgd
from gradstudy.training.cohort import stack

NETWORK = [*perceptron(width=16, depth=3, batch=8), "activation=tanh", *variance(1)]
ONE_STEP = ["budget.steps=1", "lr.value=1"]


def moved(*overrides):
    """What one step at a rate of 1 takes away from all parameters, as one vector, and its record."""
    before, after = (
        measured(*NETWORK, *overrides, *steps, seeds=1, weights=True).records[0] for steps in ([], ONE_STEP)
    )
    return np.concatenate([(before.weights[n] - after.weights[n]).ravel() for n in before.weights]), after


def scalar(record, quantity):
    return record.series[quantity].values[0, 0]


@pytest.mark.parametrize("size", [0.5, 1, 7, 1e6])
def test_clipping_by_norm_keeps_the_direction_and_the_record_has_both_norms(size):
    """min(n, n M / (n + 1e-6)), as torch's clip_grad_norm_, of a gradient `size` times as long as its threshold M."""
    gradient, _ = moved()
    norm = np.linalg.norm(gradient)
    clipped, record = moved("clipping=norm", f"clipping.max_norm={norm / size}")
    after = min(norm, norm / size * norm / (norm + 1e-6))
    assert scalar(record, "norm_before_clipping") == pytest.approx(norm, rel=1e-12)
    assert scalar(record, "norm_after_clipping") == pytest.approx(after, rel=1e-12)
    assert scalar(record, "clip_coefficient") == pytest.approx(after / norm, rel=1e-12)
    np.testing.assert_allclose(clipped, gradient * (after / norm), rtol=0, atol=1e-14)
    assert cosine(clipped, gradient) == pytest.approx(1, abs=1e-12)


def test_clipping_by_value_clamps_every_entry_and_turns_the_gradient():
    gradient, _ = moved()
    limit = np.median(np.abs(gradient))
    clipped, record = moved("clipping=value", f"clipping.max_value={limit}")
    expected = np.clip(gradient, -limit, limit)
    np.testing.assert_allclose(clipped, expected, rtol=0, atol=1e-14)
    assert scalar(record, "norm_before_clipping") == pytest.approx(np.linalg.norm(gradient), rel=1e-12)
    assert scalar(record, "norm_after_clipping") == pytest.approx(np.linalg.norm(expected), rel=1e-12)
    assert cosine(clipped, gradient) < 0.99


def cosine(one, other):
    return one @ other / np.linalg.norm(one) / np.linalg.norm(other)


@pytest.mark.parametrize(("rate", "survives"), [(0.0049, True), (0.0051, False)])
def test_descent_on_a_quartic_diverges_above_its_critical_rate_unless_it_is_clipped(rate, survives):
    """x^4 from 10: x (1 - 4 lr x^2) grows for lr > 1 / (2 x^2) = .005. No task is a quartic: the parts are asked."""
    unclipped, clipped = (descent(rate, part) for part in (Threshold(), Threshold(max_norm=1.0)))
    assert (abs(unclipped) < 1) == survives
    assert abs(clipped) < 0.1


def descent(rate, clipping, steps=8000):
    """Where gradient descent on x^4 from x = 10 ends; clipped at 1, it takes 2000 steps of one size to come near 0."""
    optimizer, clipping, x = stack([Sgd()], "cpu"), stack([clipping], "cpu"), torch.tensor([[10.0]]).double()
    (momentum,) = optimizer.start(x)
    given = optimizer.coefficients(torch.tensor([rate]).double(), torch.ones(1))
    for _ in range(steps):
        gradient = 4 * x**3
        (clipped,), _ = clipping.clip([gradient], [x], gradient.abs().flatten())
        x, momentum = optimizer.rule(x, clipped, momentum, *given)
    return x.item()


def test_adam_hides_a_vanished_gradient_until_its_eps():
    """The first step is lr g / (|g| + 1e-8): 1 for any gradient above eps, and g / eps below it.

    Read off biases, which start at 0, so that a step of 1e-12 is not rounded away.
    """
    deep = ["activation=sigmoid", "model.depth=24"]
    gradient, step = (biases(*deep, f"optimizer={optimizer}") for optimizer in ("sgd", "adam"))
    expected = {name: g / (np.abs(g) + 1e-8) for name, g in gradient.items()}
    for name, one in step.items():
        np.testing.assert_allclose(one, expected[name], rtol=1e-9, atol=0, err_msg=name)
    first, last = "layer_01.bias", "readout.bias"
    assert np.abs(gradient[first]).max() < 1e-12
    assert np.abs(step[first]).max() < 1e-4
    assert np.abs(gradient[last]).min() > 1e-4
    assert np.abs(step[last]).min() > 0.9999


def test_the_share_of_entries_that_eps_holds_back_is_recorded():
    deep = ["activation=sigmoid", "model.depth=24"]
    gradient = biases(*deep)
    series = measured(*NETWORK, *deep, *ONE_STEP, "optimizer=adam", seeds=1).records[0].series["adam_eps_share"]
    shares = dict(zip(series.places, series.values[0], strict=True))
    for name, one in gradient.items():
        assert shares[name] == np.mean(np.abs(one) < 1e-8)
    assert {shares[name] for name in gradient} >= {0.0, 1.0}


def biases(*overrides):
    """What one step at a rate of 1 takes away from every bias, by name."""
    weights = measured(*NETWORK, *ONE_STEP, *overrides, seeds=1, weights=True).records[0].weights
    return {name: -value for name, value in weights.items() if name.endswith("bias")}


def test_float32_loses_the_gradient_of_a_sigmoid_network_after_some_fifty_layers_and_the_record_says_so():
    """chi_1 of sigmoid in PyTorch's own init (G54) reaches 1.4e-45, the last denormal, after 52.8 layers: 50 to 60.

    What is lost is not dropped: the member is at the cap, and the same pass in float64 still has the number.
    """
    deep = [*perceptron(width=128, depth=70), "activation=sigmoid", "init=default"]
    measurement = measured(*deep, "device.dtype=float32", seeds=5)
    signal, exact = initial(measurement, "signal"), initial(measurement, "signal_float64")
    survived = (signal > 0).sum(axis=0)
    lost_first = np.sort(signal > 0, axis=0)
    assert ((signal > 0) == lost_first).all()
    assert ((survived >= 50) & (survived <= 60)).all(), survived
    assert (exact > 0).all()
    per_layer = decades_per_layer("sigmoid", "default", "none")
    assert 2 * np.log10(exact[:-1] / exact[1:]).mean() == pytest.approx(per_layer, rel=0.01)
    assert (measurement.members["vanishing"] == 10).all()
    assert np.isfinite(measurement.members["gain_init"]).all()


@pytest.mark.slow
@pytest.mark.parametrize(("clipping", "survivors"), [("none", 0), ("norm", 5)])
def test_clipping_decides_whether_an_exploding_network_survives(clipping, survivors):
    """W_hh = 1.1 I under ReLU on 60 steps of the adding problem: 5 of 5 are non-finite at step 1, or clipped and alive.

    Alive is not good: what the loss then is, is not asserted (Pascanu, Mikolov & Bengio 2013).
    """
    network = ["model=rnn", "model.width=64", "activation=relu", "init=identity", "init.gain=1.1"]
    task = ["task=adding", "task.length=60", "task.unit_interval=true", "lr.value=0.05", "budget.steps=200"]
    measurement = gradstudy.measure([*network, *task, f"clipping={clipping}", "device=cpu"], seeds=5)
    bad = [record.first_bad_step for record in measurement.records]
    assert bad == ([None] * 5 if survivors else [1] * 5)
    norms = [scalar(record, "norm_before_clipping") for record in measurement.records]
    assert min(norms) > 1e5
