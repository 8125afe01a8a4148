"""Norm and skip by training (G56): neither alone keeps a deep network trainable, and together they do.

Bounds are coarse: a single seed each, and chaotic training. Chance is .1.
"""

import numpy as np
import pytest
from support.flows import decades

import gradstudy

DIGITS = ["task=digits", "task.batch_size=100", "activation=relu", "init=kaiming_normal", "device=cpu"]
PERCEPTRON = ["model=mlp", "model.width=100", "lr.value=0.01", "budget.steps=200"]
NORM, SKIP = "normalization=batch", "residual=additive"


def trained(depth, *overrides):
    return gradstudy.measure([*DIGITS, *PERCEPTRON, f"model.depth={depth}", *overrides], seeds=1)


def accuracy(measurement):
    """On the held-out set after training."""
    (record,) = measurement.records
    return record.series["held_out_accuracy"].values[-1, 0]


@pytest.mark.slow
def test_a_batch_norm_alone_trains_shallow_networks_only():
    assert accuracy(trained(5, NORM)) > 0.8
    assert accuracy(trained(40, NORM)) < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("depth", [5, 20, 40, 80])
def test_a_batch_norm_with_skips_trains_at_any_depth(depth):
    assert accuracy(trained(depth, NORM, SKIP)) > 0.8


@pytest.mark.slow
def test_skips_alone_train_shallow_networks_and_explode_in_deep_ones():
    """The gradient gains 2^(L - 1) in power on its way back: 5.7, 11.7 and 23.8 decades. The third step is too late."""
    assert accuracy(trained(5, SKIP)) > 0.8
    for depth in (20, 40, 80):
        measurement = trained(depth, SKIP, "budget.steps=5")
        assert measurement.records[0].first_bad_step in (1, 2)
        assert (measurement.members["exploding"] == 10).all()
        assert decades(measurement) == pytest.approx((depth - 1) * np.log10(2), rel=0.1)
