"""Shattered gradients (G36): what do the gradients of two samples with respect to their inputs have in common?

Measured as the cosine between two samples' Jacobians, on which a random read-out draws. Balduzzi et al. 2017.
"""

import numpy as np
import pytest
from support.flows import EXACT_NORM, initial, measured, variance

NORMALISED = ["normalization=batch", EXACT_NORM]


def in_common(depth, *overrides, seeds=20):
    """The mean cosine between two samples' Jacobians, of every seed, in a ReLU perceptron."""
    size = ["model.width=128", "task.features=128", "task.outputs=4", "task.batch_size=128", f"model.depth={depth}"]
    network = ["model=mlp", *size, "activation=relu", *variance(2), *overrides]
    return initial(measured(*network, "record=jacobian", seeds=seeds), "jacobian_correlation")[0]


@pytest.mark.parametrize(("depth", "seeds"), [(2, 20), (4, 20), pytest.param(6, 30, marks=pytest.mark.slow)])
def test_every_normalised_relu_layer_halves_what_two_gradients_have_in_common(depth, seeds):
    """Theorem 1: 2^-L, as a unit is open for both samples in half of the cases in which it is for one."""
    assert in_common(depth, *NORMALISED, seeds=seeds).mean() == pytest.approx(2.0**-depth, rel=0.1)


@pytest.mark.slow
def test_without_a_norm_samples_grow_alike_and_their_gradients_do_not_shatter():
    """At L = 8 more than ten times 2^-8 is left: mean field says .050, as units then open for both samples together.

    A tenth of 2^-8 would take hundreds of networks to see: its own standard error is what it is held to.
    """
    plain, normalised = in_common(8), in_common(8, *NORMALISED, seeds=20)
    error = normalised.std(ddof=1) / np.sqrt(len(normalised))
    assert plain.mean() > 10 * 2.0**-8
    assert abs(normalised.mean() - 2.0**-8) < 3 * error
    assert 3 * error < plain.mean() / 5


@pytest.mark.parametrize("blocks", [2, 4, pytest.param(8, marks=pytest.mark.slow)])
def test_skips_keep_what_two_gradients_have_in_common(blocks):
    """Theorem 3, ~ 1/sqrt L: prod (v_l + 1/2) / (v_l + 1), v_l = 1 + l (1 - 1/pi); the read-out's ReLU halves it once.

    Block l sends back 1 through its skip, all in common, and 1 / v_l through its branch, half in common.
    """
    power = 1 + np.arange(blocks) * (1 - 1 / np.pi)
    expected = np.prod((power + 0.5) / (power + 1)) / 2
    unit_stream = f"task.scale={0.5**0.5}"
    found = in_common(blocks + 1, *NORMALISED, "residual=additive", unit_stream)
    assert found.mean() == pytest.approx(expected, rel=0.1)
