"""Recurrent networks at initialisation (G39 to G44): what time steps do to the gradient, and what gates let through.

dL/dh_t goes back through W_hh once per step: T time steps have T - 1 factors. The loss reads the last step only, or,
where every step has an answer, that of the last one is followed alone.
"""

import numpy as np
import pytest
from support.flows import initial, measured
from support.published import OVER_100_STEPS, OVER_150_STEPS

import gradstudy

SILENCE = "task.scale=0"


def recurrent(steps, width, *overrides):
    """A network with so many factors between its first and its last time step."""
    size = [f"model.width={width}", f"task.length={steps + 1}", "task.features=1", "task.batch_size=8"]
    return ["model=rnn", *size, *overrides]


def gained(signal):
    """log10 D_1 / D_T, [seed]."""
    return np.log10(signal[0] / signal[-1])


def hidden_matrices(*overrides, seeds):
    """W_hh of every seed. It is drawn before the sequence is read, and multiplied by the gain."""
    records = measured(*overrides, "init.gain=1", seeds=seeds, weights=True).records
    return [record.weights["recurrent.weight_hh_l0"] for record in records]


@pytest.mark.parametrize(("radius", "expected"), OVER_100_STEPS.items())
def test_a_linear_network_with_an_orthogonal_matrix_gains_its_radius_to_the_power_of_the_steps(radius, expected):
    """rho^100, exactly (Pascanu, Mikolov & Bengio 2013)."""
    network = recurrent(100, 32, "activation=identity", "init=orthogonal", f"init.gain={radius}")
    found = gained(initial(measured(*network, seeds=3), "signal"))
    np.testing.assert_allclose(found, 100 * np.log10(radius), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("radius", [0.9, 1.1])
def test_a_linear_network_with_a_gaussian_matrix_ends_up_at_its_spectral_radius_and_not_at_its_norm(radius):
    network = recurrent(2000, 64, "activation=identity", "init=lecun")
    (matrix,) = hidden_matrices(*network, "task.length=2", seeds=1)
    gain = radius / np.abs(np.linalg.eigvals(matrix)).max()
    assert gain * np.linalg.norm(matrix, 2) > 1.4
    back = initial(measured(*network, f"init.gain={gain}", seeds=1), "signal")[::-1, 0]
    assert (back[2000] / back[1000]) ** (1 / 1000) == pytest.approx(radius, rel=0.01)
    assert (back[100] / back[50]) ** (1 / 50) == pytest.approx(radius, rel=0.01)


@pytest.mark.parametrize("init", ["orthogonal", "lecun"])
@pytest.mark.parametrize(("activation", "steepest"), [("tanh", 1.0), ("sigmoid", 0.25)])
def test_below_the_bound_of_pascanu_every_step_back_shrinks_the_gradient(activation, steepest, init):
    """gamma sigma_max = .95 < 1 is sufficient: no step of any network passes more. The converse is not claimed."""
    network = recurrent(50, 32, f"activation={activation}", f"init={init}")
    largest = max(np.linalg.norm(matrix, 2) for matrix in hidden_matrices(*network, seeds=20))
    signal = initial(measured(*network, f"init.gain={0.95 / steepest / largest}", seeds=20), "signal")
    steps = signal[:-1] / signal[1:]
    assert steps.shape == (50, 20)
    assert 0 < steps.min() <= steps.max() <= 0.95


def test_the_bound_of_pascanu_is_met_where_nothing_saturates():
    """At h = 0 tanh has its steepest slope, and an orthogonal matrix passes every direction alike."""
    network = recurrent(50, 32, "activation=tanh", "init=orthogonal", "init.gain=0.95", SILENCE)
    signal = initial(measured(*network, seeds=2), "signal")
    np.testing.assert_allclose(signal[:-1] / signal[1:], 0.95, rtol=1e-12)


def test_pytorchs_default_loses_a_factor_of_root_three_per_step():
    """H Var U(+-1/sqrt H) = 1/3: the rate is sqrt(1/3) = .57735 where tanh is nearly linear.

    Read over the last 20 steps of wide networks: over many more steps than sqrt(H), the rate is the spectral radius of
    the one matrix that was drawn, which at H = 64 is 6 +- 5 % above sqrt(1/3).
    """
    signal = initial(measured(*recurrent(100, 256, "activation=tanh", "init=default"), seeds=10), "signal")
    rate = np.exp(np.log(signal[-21] / signal[-1]).mean() / 20)
    assert rate == pytest.approx(3**-0.5, rel=0.01)


def test_pytorchs_default_loses_more_than_twenty_decades_in_a_hundred_steps():
    """1e-24 at .57735 per step, and at least 5 % of the rate more or less: 2 decades."""
    signal = initial(measured(*recurrent(100, 64, "activation=tanh", "init=default"), seeds=10), "signal")
    assert gained(signal).mean() == pytest.approx(50 * np.log10(1 / 3), abs=2)


@pytest.mark.parametrize(("scale", "expected"), OVER_150_STEPS.items())
def test_an_irnn_in_a_positive_state_gains_its_scale_to_the_power_of_the_steps(scale, expected):
    """W = c I and ReLU (Le, Jaitly & Hinton 2015): c^150, exactly. A bias keeps every unit open without any input."""
    law = ["init=identity", f"init.gain={scale}", "init.bias_mean=0.1"]
    found = gained(initial(measured(*recurrent(150, 16, "activation=relu", *law, SILENCE), seeds=2), "signal"))
    np.testing.assert_allclose(found, 150 * np.log10(scale), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


GATED_STEPS = 50
GATED = ["model.width=16", f"task.length={GATED_STEPS + 1}", "task.features=2", "task.batch_size=8"]
NOTHING_BUT_BIASES = ["init=constant", "init.value=0", "task.scale=0"]


def rates(quantity, *overrides, seeds=3):
    """By what does the gradient change from one time step back to the one before it, [seed]? In amplitude."""
    signal = initial(measured(*GATED, *overrides, seeds=seeds), quantity)
    return (signal[0] / signal[-1]) ** (1 / GATED_STEPS)


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


COPY = ["task=copy_memory", "task.length=81", "task.batch_size=8", "model.width=16"]
"""An answer at each of 101 time steps: what is asked of the first symbols comes back from the last ten."""


def from_last_answer(*overrides):
    measurement = measured(*COPY, *overrides, seeds=2)
    return initial(measurement, "far_signal"), initial(measurement, "signal_by_distance")


@pytest.mark.parametrize(("radius", "expected"), OVER_100_STEPS.items())
def test_answers_at_every_step_hide_nothing_of_a_linear_network_with_an_orthogonal_matrix(radius, expected):
    network = ["model=rnn", "activation=identity", "init=orthogonal", f"init.gain={radius}"]
    last, shares = from_last_answer(*network)
    np.testing.assert_allclose(gained(last), expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(shares, radius ** np.arange(1, 101)[:, None] * [1, 1], rtol=1e-9)
    gains = measured(*COPY, *network, seeds=2).members["gain_init"]
    np.testing.assert_allclose(gains, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0])
def test_theory_says_what_is_left_of_an_answer_by_distance(gain):
    """A tanh network of Gaussian weights, in the median of wide ones: a twentieth of a decade apart over 21 steps."""
    wide = ["task=copy_memory", "task.length=2", "task.batch_size=16", "model.width=256", "activation=tanh"]
    measurement = measured(*wide, "model=rnn", "init=lecun", f"init.gain={gain}", seeds=6)
    found = np.median(np.log10(initial(measurement, "signal_by_distance")), axis=1)
    np.testing.assert_allclose(found, measurement.prediction.by_distance[1:], rtol=0.02, atol=0.05)


@pytest.mark.parametrize("scale", [0.9, 1.0, 1.1])
def test_answers_at_every_step_hide_nothing_of_an_irnn_in_a_positive_state(scale):
    """Inputs, which are drawn by a law that no init decides, move h far less than a bias of 100 in every step."""
    law = ["init=identity", f"init.gain={scale}", "init.bias_mean=100"]
    last, _ = from_last_answer("model=rnn", "activation=relu", *law)
    np.testing.assert_allclose(gained(last), 100 * np.log10(scale), rtol=0, atol=1e-9)


def test_answers_nearby_hid_that_a_network_forgets_and_it_is_called_vanishing():
    """tanh' <= 1 and 0.1 times an orthogonal matrix: no step back keeps more than a tenth, and 119 stand between."""
    network = ["model=rnn", "activation=tanh", "init=orthogonal", "init.gain=0.1", "task=copy_memory"]
    measurement = gradstudy.measure([*network, "task.length=100", "budget.steps=4"], seeds=2)
    assert (measurement.members["gain_init"] <= -119).all()
    assert measurement.prediction.gain_init <= -119
    assert (measurement.members["verdict"] == "vanishing").all()
    flow = np.log10(measurement.flow())  # of all answers together
    assert (flow.iloc[0] - flow.iloc[-1]).abs().max() < 1


def test_a_network_that_carries_what_far_answers_ask_is_healthy():
    network = ["model=rnn", "activation=identity", "init=orthogonal", "task=copy_memory", "task.length=100"]
    exact = ["device.dtype=float64", "budget.steps=4", "lr.value=0.001"]
    members = gradstudy.measure([*network, *exact], seeds=2).members
    assert (members["verdict"] == "healthy").all()
    np.testing.assert_allclose(members["gain_init"], 0, atol=1e-9)
