"""Initialisations: each law's own moments, algebra or counts, for matrices and for the kernels of convolutions."""

import math

import numpy as np
import pytest
import torch
from support.cohorts import cohort, parts
from torch import nn

from gradstudy.factors import init, lr
from gradstudy.factors.model.mlp import Mlp
from gradstudy.network import Parameter
from gradstudy.training.engine import train
from gradstudy.training.start.streams import torch_stream

SIZE, BOUND = 200, 0.1
MATRIX, TALL, KERNEL = (SIZE, SIZE), (300, 100), (60, 40, 3, 5)
FANS = {MATRIX: (SIZE, SIZE), TALL: (100, 300), KERNEL: (40 * 15, 60 * 15)}
"""(fan_in, fan_out): units in and out, times the pixels of a kernel."""

WITH_BIAS = [law for law in vars(init).values() if isinstance(law, type) and issubclass(law, init.Gained)]
LAWS = [init.Default, *(law for law in WITH_BIAS if law not in (init.Gained, init.Kaiming))]


def filled(law, shape=MATRIX, seed=0):
    weight = torch.full(shape, math.nan, dtype=torch.float64)
    law.weight(weight, BOUND, torch_stream(0, seed, "test"))
    return weight


def assert_normal(weight, std):
    assert weight.mean().item() == pytest.approx(0, abs=4 * std / math.sqrt(weight.numel()))
    assert weight.std().item() == pytest.approx(std, rel=0.02)
    assert (weight.abs() < std).double().mean().item() == pytest.approx(math.erf(math.sqrt(0.5)), abs=0.01)


def assert_uniform(weight, limit):
    assert 0.999 * limit < weight.abs().max() <= limit
    assert weight.mean().item() == pytest.approx(0, abs=4 * limit / math.sqrt(3 * weight.numel()))
    assert weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.02)


def test_default_is_uniform_within_pytorchs_bound_times_the_gain():
    assert_uniform(filled(init.Default(gain=3.0)), 3 * BOUND)


def test_normal_has_the_standard_deviation_times_the_gain_whatever_the_shape():
    for shape in FANS:
        assert_normal(filled(init.Normal(gain=2.0, std=0.05), shape), 0.1)


def test_uniform_stays_within_the_limit_times_the_gain_whatever_the_shape():
    for shape in FANS:
        assert_uniform(filled(init.Uniform(gain=2.0, limit=0.05), shape), 0.1)


def test_constant_gives_all_units_the_same_weights():
    assert torch.equal(filled(init.Constant(gain=2.0, value=-0.25)), torch.full(MATRIX, -0.5, dtype=torch.float64))


@pytest.mark.parametrize("shape", FANS)
def test_lecun_has_the_variance_gain_squared_over_fan_in(shape):
    assert_normal(filled(init.Lecun(gain=1.5), shape), 1.5 / math.sqrt(FANS[shape][0]))


@pytest.mark.parametrize("shape", FANS)
def test_xavier_has_the_variance_two_over_the_sum_of_the_fans(shape):
    std = 1.5 * math.sqrt(2 / sum(FANS[shape]))
    assert_normal(filled(init.XavierNormal(gain=1.5), shape), std)
    assert_uniform(filled(init.XavierUniform(gain=1.5), shape), std * math.sqrt(3))


@pytest.mark.parametrize("shape", FANS)
@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
def test_kaiming_has_the_variance_two_over_the_chosen_fan(mode, shape):
    std = 1.5 * math.sqrt(2 / FANS[shape][mode == "fan_out"])
    assert_normal(filled(init.KaimingNormal(gain=1.5, mode=mode), shape), std)
    assert_uniform(filled(init.KaimingUniform(gain=1.5, mode=mode), shape), std * math.sqrt(3))


@pytest.mark.parametrize(
    ("choice", "gain"),
    [
        ({"nonlinearity": "linear"}, 1.0),
        ({"nonlinearity": "sigmoid"}, 1.0),
        ({"nonlinearity": "tanh"}, 5 / 3),
        ({"nonlinearity": "selu"}, 3 / 4),
        ({"nonlinearity": "leaky_relu", "negative_slope": 0.5}, math.sqrt(2 / (1 + 0.5**2))),
    ],
)
def test_kaiming_takes_pytorchs_gain_of_the_nonlinearity(choice, gain):
    assert_normal(filled(init.KaimingNormal(**choice)), gain / math.sqrt(SIZE))
    assert_uniform(filled(init.KaimingUniform(**choice)), gain * math.sqrt(3 / SIZE))


@pytest.mark.parametrize("nonlinearity", init.NONLINEARITIES)
def test_pytorch_knows_the_gain_of_every_nonlinearity_that_is_offered(nonlinearity):
    assert nn.init.calculate_gain(nonlinearity) > 0


def test_a_slope_belongs_to_leaky_relu():
    with pytest.raises(ValueError, match="nonlinearity=relu: set nonlinearity=leaky_relu"):
        init.KaimingNormal(negative_slope=0.2)


def test_each_unit_of_a_sparse_weight_has_as_many_connections_as_asked_for():
    weight = filled(init.Sparse(gain=2.0, connections=50, std=0.5))
    assert ((weight != 0).sum(1) == 50).all()
    assert_normal(weight[weight != 0], 1.0)
    assert ((filled(init.Sparse(connections=7), KERNEL) != 0).flatten(1).sum(1) == 7).all()
    assert (filled(init.Sparse(connections=15), (4, 6)) != 0).all()


def test_sparse_connections_are_spread_evenly_over_the_inputs_and_drawn_from_the_given_generator_alone():
    torch.manual_seed(0)
    first = filled(init.Sparse(connections=50), (400, 100))
    torch.manual_seed(1)
    assert torch.equal(first, filled(init.Sparse(connections=50), (400, 100)))
    outgoing = (first != 0).sum(0).double()
    assert outgoing.mean() == 200
    assert 5 < outgoing.std() < 15  # binomial: sqrt(400 / 4) = 10
    assert not torch.equal(first != 0, filled(init.Sparse(connections=50), (400, 100), seed=1) != 0)


@pytest.mark.parametrize("law", [init.Orthogonal, init.Lsuv])
@pytest.mark.parametrize("shape", FANS)
def test_every_singular_value_of_an_orthogonal_weight_is_the_gain(law, shape):
    values = torch.linalg.svdvals(filled(law(gain=1.7), shape).flatten(1))
    assert torch.allclose(values, torch.full_like(values, 1.7), atol=1e-12)


def test_a_delta_orthogonal_convolution_is_an_isometry_of_images():
    weight = filled(init.DeltaOrthogonal(gain=0.5), (12, 8, 3, 5))
    assert (weight != 0).sum() == 12 * 8
    torch.testing.assert_close(weight[:, :, 1, 2].T @ weight[:, :, 1, 2], 0.25 * torch.eye(8, dtype=torch.float64))
    images = torch.randn(4, 8, 6, 7, dtype=torch.float64)
    made = nn.functional.conv2d(images, weight, padding=(1, 2))
    torch.testing.assert_close(made.flatten(1).norm(dim=1), 0.5 * images.flatten(1).norm(dim=1))


def test_a_linear_map_beside_delta_orthogonal_kernels_is_orthogonal():
    values = torch.linalg.svdvals(filled(init.DeltaOrthogonal(gain=1.7), TALL))
    assert torch.allclose(values, torch.full_like(values, 1.7), atol=1e-12)


def test_identity_is_the_identity_times_the_gain():
    assert torch.equal(filled(init.Identity(gain=0.5)), 0.5 * torch.eye(SIZE, dtype=torch.float64))


def test_an_identity_convolution_passes_each_channel_on():
    images = torch.randn(4, 8, 6, 7, dtype=torch.float64)
    made = nn.functional.conv2d(images, filled(init.Identity(gain=0.5), (8, 8, 3, 3)), padding=1)
    torch.testing.assert_close(made, 0.5 * images)


@pytest.mark.parametrize("law", WITH_BIAS)
def test_biases_are_zero_unless_a_mean_or_a_spread_is_asked_for(law):
    vector = torch.full((4000,), math.nan, dtype=torch.float64)
    law().bias(vector, BOUND, torch_stream(0, 0, "test"))
    assert not vector.any()
    law(bias_mean=0.5).bias(vector, BOUND, torch_stream(0, 0, "test"))
    assert (vector == 0.5).all()
    law(bias_mean=0.5, bias_std=0.3).bias(vector, BOUND, torch_stream(0, 0, "test"))
    assert vector.mean().item() == pytest.approx(0.5, abs=0.02)
    assert vector.std().item() == pytest.approx(0.3, rel=0.05)


def test_default_biases_are_pytorchs_own_whatever_the_gain():
    vector = torch.empty(4000, dtype=torch.float64)
    init.Default(gain=3.0).bias(vector, BOUND, torch_stream(0, 0, "test"))
    assert_uniform(vector, BOUND)


@pytest.mark.parametrize("law", LAWS)
def test_the_gain_multiplies_the_weight_that_the_same_stream_draws(law):
    for shape in (TALL, KERNEL):
        torch.testing.assert_close(filled(law(gain=2.5), shape), 2.5 * filled(law(), shape))


@pytest.mark.parametrize("law", [law for law in LAWS if law not in (init.Constant, init.Identity)])
def test_the_same_stream_draws_the_same_weight_and_another_one_another(law):
    assert torch.equal(filled(law()), filled(law()))
    assert not torch.equal(filled(law()), filled(law(), seed=1))


def kernel(name, *shape, **law):
    return Parameter(name, shape, law.pop("role", "hidden"), **law)


def test_delta_orthogonal_asks_for_convolutions_that_do_not_narrow():
    law, readout = init.DeltaOrthogonal(), kernel("readout.weight", 10, 8)
    law.check([kernel("layer_01.weight", 8, 3, 3, 3), kernel("layer_02.weight", 8, 8, 3, 3), readout])
    with pytest.raises(ValueError, match=r"this network has none: use init=orthogonal, or model=cnn"):
        law.check([readout])
    with pytest.raises(ValueError, match=r"layer_01.weight has 2 and 3: set model.width to 3 or more"):
        law.check([kernel("layer_01.weight", 2, 3, 3, 3), readout])
    with pytest.raises(ValueError, match=r"layer_01.weight has 2 and 3"):
        law.check([kernel("layer_01.weight", 50, 3, 3, 3, blocks=25)])


def test_lsuv_refuses_weights_whose_scale_it_cannot_choose():
    law = init.Lsuv()
    law.check([kernel("layer_01.weight", 8, 8), kernel("readout.weight", 1, 8)])
    with pytest.raises(ValueError, match=r"recurrent.weight_hh_l0 feeds its output back.* use init=orthogonal"):
        law.check([kernel("recurrent.weight_hh_l0", 8, 8, role="recurrent")])
    with pytest.raises(ValueError, match=r"scale of layer_01.weight.* use init=orthogonal, or another normalization"):
        law.check([kernel("layer_01.weight", 8, 8, scale_free=True)])


def test_units_that_start_as_copies_of_each_other_stay_copies():
    trial = parts(model=Mlp(width=5, depth=3), init=init.Constant(bias_mean=0.1), lr=lr.Constant(0.1))
    record = train(cohort(trial, seeds=1, steps=5, dtype="float64", keep_weights=True))[0]
    for layer in ("layer_01", "layer_02", "layer_03"):
        weight = record.weights[f"{layer}.weight"]
        assert not np.allclose(weight, 0.1, rtol=1e-6)
        np.testing.assert_allclose(weight, weight[:1].repeat(5, 0), rtol=1e-12)
