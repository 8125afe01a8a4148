"""Gates of recurrent cells (G44): what their biases let through, step by step."""

import numpy as np
import pytest
from support.flows import initial, measured

STEPS = 50
CELL = ["model.width=16", f"task.length={STEPS + 1}", "task.features=2", "task.batch_size=8"]
NOTHING_BUT_BIASES = ["init=constant", "init.value=0", "task.scale=0"]


def rates(quantity, *overrides, seeds=3):
    """By what does the gradient change from one time step back to the one before it, [seed]? In amplitude."""
    signal = initial(measured(*CELL, *overrides, seeds=seeds), quantity)
    return (signal[0] / signal[-1]) ** (1 / STEPS)


@pytest.mark.parametrize(("bias", "printed"), [(0, 0.5), (1, 0.731059), (2, 0.880797), (5, 0.993307)])
def test_an_lstm_without_weights_forgets_by_the_sigmoid_of_its_forget_bias(bias, printed):
    """dc_T/dc_0 = sigmoid(b)^T. PyTorch adds b_ih and b_hh; `forget_bias` is in one of them only."""
    found = rates("cell_signal", "model=lstm", f"model.forget_bias={bias}", *NOTHING_BUT_BIASES)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-bias)), rtol=1e-12)
    np.testing.assert_allclose(found, printed, rtol=0, atol=5e-7)


def test_a_gru_without_weights_forgets_by_the_sigmoid_of_its_update_bias():
    """h_t = (1 - z) n + z h_{t-1}: z = sigmoid(b_ih + b_hh), and both are 1."""
    found = rates("signal", "model=gru", "init.bias_mean=1", *NOTHING_BUT_BIASES)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-2)), rtol=1e-12)
    np.testing.assert_allclose(found, 0.880797, rtol=0, atol=5e-7)


def test_with_random_weights_a_larger_forget_bias_still_keeps_more_of_the_gradient():
    """The rate is then not sigmoid(b); Jozefowicz, Zaremba & Sutskever 2015 advise b = 1."""
    by_bias = [
        rates("cell_signal", "model=lstm", "init=default", f"model.forget_bias={bias}", seeds=5)
        for bias in (0, 1, 2, 5)
    ]
    assert (np.diff(by_bias, axis=0) > 0).all()
