"""The bridge to theory: curves against differences and formulas, and what is measured of the inputs against algebra."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from scipy.special import erf, expit
from support.cohorts import parts
from support.enrolled import changed, option_part, options

from gradstudy.factors.activation import Activation
from gradstudy.factors.init import Lecun
from gradstudy.factors.model.mlp import Mlp
from gradstudy.random_network import NoTheory
from gradstudy.tasks.adding import Adding
from gradstudy.tasks.digits import Digits
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.training.theory_input import activation_curve_of, inputs_of, random_network_of

GRID = np.linspace(-4.05, 4.05, 82).reshape(2, 41)
"""Without the round numbers at which activations have their kinks."""
FORMULAS = {
    "identity": lambda x: x,
    "sigmoid": expit,
    "tanh": np.tanh,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "softsign": lambda x: x / (1 + abs(x)),
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "prelu": lambda x: np.where(x > 0, x, 0.25 * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "gelu": lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
    "silu": lambda x: x * expit(x),
    "softplus": lambda x: np.logaddexp(0, x),
}


@pytest.mark.parametrize("option", FORMULAS)
def test_a_curve_is_the_activation_in_float64_and_of_any_shape(option):
    value = activation_curve_of(option_part("activation", option)).value(GRID)
    np.testing.assert_allclose(value, FORMULAS[option](GRID), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("option", options("activation"))
def test_the_slope_of_a_curve_is_the_limit_of_its_differences(option):
    curve, step = activation_curve_of(option_part("activation", option)), 1e-5
    differences = (curve.value(GRID + step) - curve.value(GRID - step)) / (2 * step)
    np.testing.assert_allclose(curve.slope(GRID), differences, rtol=1e-7, atol=1e-9)


def test_what_an_activation_learns_stands_at_its_start():
    curve = activation_curve_of(changed(option_part("activation", "prelu"), {"start": 0.5}))
    np.testing.assert_array_equal(curve.value(np.array([-2.0, 2.0])), [-1.0, 2.0])
    np.testing.assert_array_equal(curve.slope(np.array([-2.0, 2.0])), [0.5, 1.0])


@dataclass(frozen=True)
class OverUnits(Activation):
    def __call__(self, x):
        return x.softmax(2)


@dataclass(frozen=True)
class OverSamples(Activation):
    def __call__(self, x):
        return x - x.mean(1, keepdim=True)


@dataclass(frozen=True)
class Random(Activation):
    def __call__(self, x):
        return x * torch.rand_like(x)


@dataclass(frozen=True)
class Paired(Activation):
    def __call__(self, x):
        return torch.nn.functional.glu(torch.cat([x, x.flip(2)], dim=2))


@pytest.mark.parametrize("kind", [OverUnits, OverSamples, Random, Paired])
def test_an_activation_that_is_no_function_of_one_number_has_no_theory(kind):
    with pytest.raises(NoTheory, match="one number"):
        activation_curve_of(kind())


def test_a_model_that_does_not_say_how_it_is_wired_has_no_theory():
    class Own:
        def network(self, shape, layers):
            return object()

    with pytest.raises(NoTheory, match="wired"):
        random_network_of(parts(model=Own()), 0)


def test_the_evenness_of_random_inputs_is_what_random_matrices_say():
    """E tr G^2 / (tr G)^2 of B - 1 directions in n features is 1/(B - 1) + 1/n, up to 1/(n B)."""
    for features, batch in ((1, 16), (16, 16), (256, 16)):
        found = inputs_of(RandomSignal(features=features, batch_size=batch), 0).evenness
        assert found == pytest.approx(1 / (1 + (batch - 1) / features), rel=0.1, abs=0.01)


def test_evenness_does_not_depend_on_scale():
    even = inputs_of(RandomSignal(), 0).evenness
    assert inputs_of(RandomSignal(scale=1e90), 0).evenness == pytest.approx(even)
    assert inputs_of(RandomSignal(scale=1e-90), 0).evenness == pytest.approx(even)


def test_inputs_that_never_change_are_not_even():
    assert inputs_of(RandomSignal(scale=0.0), 0).evenness == 0.0
    assert inputs_of(RandomSignal(batch_size=1), 0).evenness == 0.0


def test_the_power_of_inputs_is_that_of_the_task():
    inputs = inputs_of(RandomSignal(features=50, scale=2.0), 0)
    np.testing.assert_allclose(inputs.power, 4.0, rtol=4 * np.sqrt(2 / 4096))
    np.testing.assert_allclose(inputs.variance, 4.0, rtol=4 * np.sqrt(2 / 4096))


def test_power_and_variance_differ_by_the_square_of_the_mean():
    images = Digits()
    inputs, data = inputs_of(images, 0), images.data()
    np.testing.assert_allclose(inputs.power - inputs.variance, data.mean**2, atol=0.02)


def test_typical_samples_have_the_mean_and_the_spread_of_all():
    """The size of a sample is 4 chi^2 / 50 with 50 degrees of freedom."""
    typical = inputs_of(RandomSignal(features=50, scale=2.0), 0).typical
    sizes = typical.mean(1)
    assert typical.shape == (64, 50)
    assert (np.diff(sizes) > 0).all()
    assert sizes.mean() == pytest.approx(4.0, rel=4 * np.sqrt(2 / 50 / 4096))
    assert sizes.std() / sizes.mean() == pytest.approx(np.sqrt(2 / 50), rel=0.05)
    assert typical.std() / sizes.mean() == pytest.approx(np.sqrt(2), rel=0.1)  # of x^2: features are not averaged


@pytest.mark.parametrize(
    ("size", "samples"),
    [({"features": 8}, 4096), ({"features": 64, "length": 128}, 512), ({"features": 300, "side": 30}, 64)],
)
def test_the_larger_samples_are_the_fewer_are_drawn(size, samples):
    """4 million numbers, in no less than 64 and no more than 4096 samples: 2^22 / (64 * 128) = 512."""
    drawn = []

    class Counted(RandomSignal):
        def batch(self, stream):
            drawn.append(self.batch_size)
            return super().batch(stream)

    assert inputs_of(Counted(outputs=1, batch_size=16, **size), 0).typical.shape[0] == 64
    assert sum(drawn) == samples


def test_small_and_large_inputs_are_not_taken_for_zeros_or_nothing_known():
    assert (inputs_of(RandomSignal(features=4, scale=1e-200), 0).typical > 0.0).all()
    assert np.isposinf(inputs_of(RandomSignal(features=4, scale=1e200), 0).typical).all()


def test_a_law_beyond_floats_has_no_theory():
    with pytest.raises(NoTheory, match="beyond what a float holds"):
        random_network_of(parts(model=Mlp(width=8, depth=2), init=Lecun(gain=1e200)), 0)


def test_samples_of_nothing_stay_nothing():
    assert not inputs_of(RandomSignal(scale=0.0), 0).typical.any()


def test_the_adding_problem_feeds_thirds_and_marks():
    """Values U[-1, 1]; the first and the last pair are marked -1, and two others 1."""
    power = inputs_of(Adding(length=20), 0).power
    np.testing.assert_allclose(power[1:, 0], 1 / 3, rtol=0.1)
    assert power[-1, 1] == 1.0
    first_is_among_the_two = 1 / 9 + 8 / 9 / 8  # one of nine pairs, then one of the eight others
    assert power[:, 1].sum() == pytest.approx(2 + 2 - first_is_among_the_two, abs=0.05)


def test_a_wiring_knows_the_batch_and_the_inputs_of_its_task():
    network = random_network_of(parts(model=Mlp(width=8, depth=2), task=Digits(batch_size=7)), 0)
    assert network.batch == 7
    assert network.power.mean() == pytest.approx(np.square(Digits().data().inputs).mean(), rel=0.02)
