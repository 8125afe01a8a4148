import numpy as np
import pytest
from support.published import OVER_100_STEPS, OVER_150_STEPS

from gradstudy.analysis.theory.prediction import even_fading, predict
from gradstudy.random_network import RandomMap, RandomRecurrent
from gradstudy.series import CEILING, FLOOR

SILENT = RandomMap(0.0, 0.0)


def over_time(curve, weight, steps, *, entering=SILENT, power=None, **parts):
    power = np.ones(steps) if power is None else power
    return predict(RandomRecurrent(entering, RandomMap(weight, weight), curve, power, **parts))


@pytest.mark.parametrize(("radius", "expected"), OVER_100_STEPS.items())
def test_a_linear_network_multiplies_by_its_radius(curves, radius, expected):
    # h_0 to h_100 are 101 places.
    assert over_time(curves["identity"], radius**2, 101).gain_init == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize(("radius", "expected"), OVER_150_STEPS.items())
def test_an_identity_recurrence_with_positive_states_multiplies_by_its_radius(curves, radius, expected):
    # Where every ReLU is on it is the identity.
    assert over_time(curves["identity"], radius**2, 151).gain_init == pytest.approx(expected, abs=5e-7)


def test_the_default_tanh_network_loses_a_third_of_its_power_per_step(curves):
    # G42: an amplitude of .57735 per step where inputs are small, and less where they saturate.
    entering, tiny, steps = RandomMap(1 / 3, 1 / 3), np.full(101, 1e-8), 100
    small = over_time(curves["tanh"], 1 / 3, 101, entering=entering, power=tiny)
    assert 10 ** (small.gain_init / steps) == pytest.approx(0.57735, abs=5e-6)
    assert over_time(curves["tanh"], 1 / 3, 101, entering=entering).gain_init < small.gain_init


def test_states_go_forward_and_gradients_backward(curves):
    wiring = RandomRecurrent(RandomMap(1.0, 1.0), RandomMap(4.0, 0.25), curves["identity"], np.array([1.0, 0.0, 0.0]))
    np.testing.assert_allclose(predict(wiring).activation_rms, [1.0, 2.0, 4.0])
    np.testing.assert_allclose(10 ** predict(wiring).signal, [0.25, 0.5, 1.0])


def test_states_follow_the_inputs_of_each_step(curves):
    power = np.array([1.0, 0.0, 4.0])
    found = over_time(curves["identity"], 0.5, 3, entering=RandomMap(2.0, 1.0, 0.1), power=power)
    first = 2.1
    second = 0.5 * first + 0.1
    np.testing.assert_allclose(found.activation_rms**2, [first, second, 0.5 * second + 8.1])


def test_one_step_has_no_gain(curves):
    found = over_time(curves["tanh"], 1.0, 1, entering=RandomMap(1.0, 1.0))
    np.testing.assert_array_equal(found.signal, [0.0])
    assert found.activation_rms.shape == (1,)


def test_steps_before_the_first_input_pass_what_the_slope_at_zero_does(curves):
    power = np.array([0.0, 0.0, 1.0])
    found = over_time(curves["relu"], 2.0, 3, entering=RandomMap(1.0, 1.0), power=power)
    np.testing.assert_allclose(found.signal, [-np.inf, 0.0, 0.0], atol=1e-12)


def test_thousands_of_steps_stay_in_range(curves):
    assert over_time(curves["identity"], 100.0, 5001).gain_init == pytest.approx(5000.0)
    assert over_time(curves["relu"], 0.0, 5).gain_init == -np.inf


def test_what_is_left_by_distance_is_the_radius_to_its_power(curves):
    found = over_time(curves["identity"], 0.25, 31).by_distance
    np.testing.assert_allclose(found, np.arange(31) * np.log10(0.5), atol=1e-12)


def test_what_is_left_by_distance_is_the_median_share_over_the_answers_with_so_many_steps_before_them(curves):
    """Slopes shrink as states fill: what the first steps pass back differs from what the last ones do."""
    found = over_time(curves["tanh"], 2.0, 9, entering=RandomMap(1.0, 1.0), power=np.linspace(0.1, 4.0, 9))
    size = 10**found.signal
    ways = {answer: [size[answer - 1 - d] / size[answer - 1] for d in range(answer)] for answer in (3, 6, 9)}
    expected = [np.median([way[d] for way in ways.values() if d < len(way)]) for d in range(9)]
    np.testing.assert_allclose(10**found.by_distance, expected, rtol=1e-12)
    assert len({round(way[2], 3) for way in ways.values()}) == 3


def test_an_answer_behind_a_step_that_passes_nothing_tells_nothing_of_what_it_sends(curves):
    found = over_time(curves["relu"], 2.0, 3, entering=RandomMap(1.0, 1.0), power=np.array([0.0, 0.0, 1.0]))
    assert found.by_distance.tolist() == pytest.approx([0.0, np.log10(0.5), -np.inf], abs=1e-12)


@pytest.mark.parametrize("gain", [None, np.nan, FLOOR, CEILING])
def test_a_gain_without_a_size_makes_no_line(gain):
    assert even_fading(gain, 5) is None


def test_a_gain_alone_makes_a_straight_line_which_is_the_truth_where_every_step_loses_the_same(curves):
    found = over_time(curves["identity"], 0.25, 31)
    np.testing.assert_allclose(even_fading(found.gain_init, 31), found.by_distance, atol=1e-12)


class Drawn:
    """One recurrent network: hidden states [time, feature, sample] and their gradients, powers over both."""

    def __init__(self, wiring, width, samples, seed):
        random, curve = np.random.default_rng(seed), wiring.curve
        weight = np.sqrt(wiring.recurrent.forward / width) * random.normal(size=(width, width))
        entering = np.sqrt(wiring.entering.forward / width) * random.normal(size=(width, width))
        bias = np.sqrt(wiring.entering.bias) * random.normal(size=(width, 1))
        hidden, before = np.zeros((width, samples)), []
        for power in wiring.power:
            inputs = np.sqrt(power) * random.normal(size=(width, samples))
            before.append(entering @ inputs + weight @ hidden + bias)
            hidden = curve.value(before[-1])
        gradients = [random.normal(size=hidden.shape)]
        for z in before[:0:-1]:
            gradients.insert(0, weight.T @ (curve.slope(z) * gradients[0]))
        self.states = np.array([(curve.value(z) ** 2).mean() for z in before])
        self.gradients = np.array([(gradient**2).mean() for gradient in gradients])


@pytest.mark.parametrize(("name", "weight"), [("tanh", 1.5), ("relu", 1.6), ("sigmoid", 9.0)])
def test_drawn_networks_agree(curves, name, weight):
    power = np.array([1.0, 3.0, 0.0, 0.5, 2.0, 1.0])
    wiring = RandomRecurrent(RandomMap(0.8, 0.8, 0.1), RandomMap(weight, weight), curves[name], power)
    drawn = [Drawn(wiring, width=512, samples=16, seed=seed) for seed in range(16)]
    found = predict(wiring)
    gradients, states = (np.array([getattr(one, part) for one in drawn]) for part in ("gradients", "states"))
    for measured, ideal in (
        (gradients, 100**found.signal * gradients[:, -1:]),
        (states, np.tile(found.activation_rms**2, (16, 1))),
    ):
        error = (measured - ideal).std(0, ddof=1) / 4 / ideal.mean(0)
        assert error.max() < 0.05
        np.testing.assert_array_less(np.abs(measured.mean(0) / ideal.mean(0) - 1.0), 3 * error + 0.02)
