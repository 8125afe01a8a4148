"""Null factors (G55): what acts after the first gradient was taken cannot have changed it, and must not be ranked."""

from itertools import product

import numpy as np
import pytest

import gradstudy

NETWORK = ["model=mlp", "model.width=16", "model.depth=8", "init=kaiming_normal", "device=cpu"]
REFERENCE = ["optimizer=sgd", "lr.value=0.01", "clipping=none"]
CELLS = [
    [f"optimizer={optimizer}", f"lr.value={rate}", *clipping]
    for optimizer, rate, clipping in product(
        ("sgd", "adam", "rmsprop"), (1e-4, 1.0), (["clipping=none"], ["clipping=norm", "clipping.max_norm=0.001"])
    )
]
OTHERS = [
    ["optimizer=sgd", "optimizer.momentum=0.9"],
    ["optimizer=lion"],
    ["clipping=value", "clipping.max_value=1e-4"],
    ["clipping=adaptive"],
    ["regularization=weight_decay", "regularization.weight_decay=0.1"],
    ["regularization=l1", "regularization.l1=0.1"],
    ["lr=cosine"],
]
BEFORE_THE_STEP = ("signal", "gradient", "norm_before_clipping", "loss", "signal_float64", "activation_rms")


def first_step(overrides):
    """The records of two networks that took one step, and went on for one more."""
    return gradstudy.measure(
        [*NETWORK, "task=digits", "activation=relu", "budget.steps=2", *overrides], seeds=2, weights=True
    ).records


@pytest.fixture(scope="module")
def reference():
    return first_step(REFERENCE)


@pytest.mark.parametrize("overrides", [*CELLS, *OTHERS], ids=" ".join)
def test_the_first_gradient_knows_nothing_of_what_is_done_with_it(overrides, reference):
    for found, expected in zip(first_step(overrides), reference, strict=True):
        for quantity in BEFORE_THE_STEP:
            np.testing.assert_array_equal(
                found.series[quantity].values[0], expected.series[quantity].values[0], err_msg=quantity, strict=True
            )
        moved = any((found.weights[name] != expected.weights[name]).any() for name in expected.weights)
        assert moved == (overrides != REFERENCE), "a cell whose factor does nothing would prove nothing"


def test_a_loss_1024_times_as_large_has_a_gradient_1024_times_as_large():
    """ReLU networks without biases are homogeneous, and a power of 2 changes no digit: larger inputs are a larger loss.

    dL/dz is what the read-out sends back, and stays.
    """
    network = [*NETWORK, "task=random_signal", "activation=relu", "budget.steps=0"]
    small, large = (gradstudy.measure([*network, f"task.scale={scale}"], seeds=2).records for scale in (1, 1024))
    for one, other in zip(small, large, strict=True):
        places = one.series["gradient"].places
        weights = [index for index, place in enumerate(places) if place.endswith("weight")]
        loss, gradient = ((one.series[name].values, other.series[name].values) for name in ("loss", "gradient"))
        np.testing.assert_array_equal(1024 * loss[0], loss[1])
        np.testing.assert_array_equal(1024 * gradient[0][:, weights], gradient[1][:, weights])
        np.testing.assert_array_equal(one.series["signal"].values, other.series["signal"].values)
