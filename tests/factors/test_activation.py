"""Activations: values and slopes are those of torch.nn.functional, with one coefficient per member."""

import math
from functools import partial

import pytest
import torch
from support.cohorts import cohort, parts
from support.enrolled import option_part, options
from support.twins import Perceptron, Unrolled, assert_equals_twin
from torch import nn
from torch.nn import functional

from gradstudy.factors import activation, init, lr
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.rnn import Rnn
from gradstudy.network import Pass
from gradstudy.training.cohort import stack
from gradstudy.training.engine import train
from gradstudy.training.start.initialization import initial_values

PLACE = "layer_01.activation"
POINTS = [0.0, 1e-300, 1e-9, 0.3, 1.0, 4.5, 19.9, 20.1, 30.0, 709.0, 745.0, 1e5, 1e100]
SIGNED = [[*POINTS, *(-point for point in POINTS)]]
"""Around 0, at the corners of hard tanh, at softplus's threshold, and where exp over- and underflows."""

PLAIN = {
    activation.Identity(): lambda x: x,
    activation.Sigmoid(): functional.sigmoid,
    activation.Tanh(): functional.tanh,
    activation.HardTanh(): functional.hardtanh,
    activation.Softsign(): functional.softsign,
    activation.Relu(): functional.relu,
    activation.Selu(): functional.selu,
    activation.Gelu(): functional.gelu,
    activation.Gelu(approximate=True): partial(functional.gelu, approximate="tanh"),
    activation.Silu(): functional.silu,
}
"""Without coefficients: the function in PyTorch."""

GRADED = {
    activation.LeakyRelu: ("negative_slope", functional.leaky_relu, (0.01, 0.0, 0.5, 1.5)),
    activation.Prelu: ("start", lambda x, slope: functional.prelu(x, x.new_tensor([slope])), (0.25, 0.0, -0.5, 3.0)),
    activation.Elu: ("alpha", functional.elu, (1.0, 0.0, 0.3, 2.5)),
    activation.Softplus: ("beta", functional.softplus, (1.0, 0.1, 5.0, 50.0)),
}
"""With one coefficient: its name, the function in PyTorch, and a value for each of four members."""

LEVELS = [*(option_part("activation", option) for option in options("activation")), activation.Gelu(approximate=True)]


def bound(members):
    """These activations as one, with what they learn as it is filled."""
    count = len(members)
    listed = [member.parameters(PLACE) for member in members]
    learned = initial_values(listed, [None] * count, [(0, 0)] * count, torch.float64)
    return stack(members, torch.device("cpu")).at(Pass(learned).at(PLACE))


def value_and_slope(function, points):
    x = torch.tensor(points, dtype=torch.float64).requires_grad_()
    value = function(x)
    return value.detach(), torch.autograd.grad(value.sum(), x)[0]


@pytest.mark.parametrize("part", PLAIN, ids=str)
def test_value_and_slope_are_those_of_pytorch(part):
    ours, theirs = (value_and_slope(function, SIGNED) for function in (part, PLAIN[part]))
    torch.testing.assert_close(ours, theirs, rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize("kind", GRADED)
def test_each_member_has_the_coefficient_of_its_own(kind):
    name, theirs, levels = GRADED[kind]
    ours = value_and_slope(bound([kind(**{name: level}) for level in levels]), [SIGNED] * len(levels))
    for slot, level in enumerate(levels):
        expected = value_and_slope(lambda x, level=level: theirs(x, level), SIGNED)
        torch.testing.assert_close(tuple(part[slot] for part in ours), expected, rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("part", LEVELS, ids=str)
def test_a_finite_signal_has_a_finite_value_and_slope_however_large(part):
    value, slope = value_and_slope(bound([part]), [SIGNED])
    assert value.isfinite().all()
    assert slope.isfinite().all()


@pytest.mark.parametrize("part", LEVELS, ids=str)
def test_a_neighbour_that_is_not_finite_changes_nothing(part):
    neighbour = [math.inf, -math.inf, math.nan, *SIGNED[0][3:]]
    whole, alone = (value_and_slope(bound([part, part]), [SIGNED, [other]]) for other in (neighbour, SIGNED[0]))
    assert torch.equal(whole[0][0], alone[0][0])
    assert torch.equal(whole[1][0], alone[1][0])


def test_selu_keeps_mean_0_and_variance_1():
    x = torch.linspace(-12, 12, 200_001, dtype=torch.float64)
    weight = torch.exp(-(x**2) / 2) / math.sqrt(2 * math.pi) * (x[1] - x[0])
    y = activation.Selu()(x)
    assert (weight * y).sum().item() == pytest.approx(0, abs=1e-6)
    assert (weight * y**2).sum().item() == pytest.approx(1, abs=1e-6)


def test_the_exact_gelu_is_x_times_the_share_of_a_normal_below_x():
    x = torch.linspace(-5, 5, 101, dtype=torch.float64)
    torch.testing.assert_close(activation.Gelu()(x), x * torch.distributions.Normal(0, 1).cdf(x))


def test_prelu_learns_one_slope_per_layer_as_plain_modules_do():
    model, phi = Mlp(width=[6, 5, 4], depth=3), activation.Prelu(0.3)
    trial = parts(model=model, activation=phi, init=init.Default(), lr=lr.Constant(0.1))
    twin = partial(Perceptron, 16, 6, 5, 4, 1, phi=nn.PReLU)
    assert_equals_twin(twin, trial, rename=lambda name: name.replace("slope", "weight"))
    record = train(cohort(trial, seeds=2, dtype="float64", keep_weights=True))[1]
    slopes = [record.weights[f"layer_0{layer}.activation.slope"] for layer in (1, 2, 3)]
    assert all(slope.shape == (1,) and abs(slope[0] - 0.3) > 1e-6 for slope in slopes)


def test_prelu_in_a_recurrent_network_has_one_slope_for_all_time_steps():
    trial = parts(model=Rnn(width=5), activation=activation.Prelu())
    twin = lambda: Unrolled(5, phi=nn.PReLU())  # noqa: E731
    assert_equals_twin(twin, trial, rename=lambda name: name.replace("recurrent.l0.activation.slope", "phi.weight"))
