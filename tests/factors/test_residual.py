"""Residual connections: what algebra says of the gradient through them, and plain modules."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from support.cohorts import cohort, parts
from support.twins import Add, Perceptron, assert_equals_twin
from torch import nn
from torch.nn import functional as F

import gradstudy
from gradstudy.factors import activation, init, residual
from gradstudy.factors.model.mlp import Mlp
from gradstudy.network import Pass
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.training.cohort import stack
from gradstudy.training.engine import train

DEPTH, GAIN = 6, 0.5
BLOCKS = DEPTH - 1
HALF = math.sqrt(0.5)

PER_BLOCK = {
    "additive": 1 + GAIN,
    "scaled": 1 + 0.1 * GAIN,
    "sqrt_half": HALF * (1 + GAIN),
    "inverse_sqrt_depth": 1 + GAIN / math.sqrt(BLOCKS),
    "inverse_depth": 1 + GAIN / BLOCKS,
    "zero_init": 1.0,
    "fixup": 1.0,
    "rezero": 1.0,
    "rezero residual.start=0.25": 1 + 0.25 * GAIN,
    "gated residual.bias=-1000": 1.0,
    "gated residual.bias=1000": GAIN,
    "none": GAIN,
    "scaled residual.scale=2 residual.skip_scale=0.5 residual.depth_power=0.25": 0.5 + 2 * GAIN * BLOCKS**-0.25,
}


@pytest.mark.parametrize("option", PER_BLOCK)
def test_every_option_multiplies_the_gradient_by_what_algebra_says(option):
    """Linear layers W = gain * I: each block multiplies the gradient by skip scale + branch scale * gain."""
    network = ["model=mlp", f"model.depth={DEPTH}", "activation=identity", "init=identity", f"init.gain={GAIN}"]
    rest = ["task=random_signal", "budget.steps=0", "device.name=cpu", "device.dtype=float64"]
    flow = gradstudy.measure([*network, *rest, *f"residual={option}".split()], seeds=1).flow()
    ratios = flow[0].to_numpy()[:-1] / flow[0].to_numpy()[1:]
    np.testing.assert_allclose(ratios, PER_BLOCK[option], rtol=1e-12)


def powers(part, depth, *, seeds=10, **changes):
    """Mean over seeds of the power gained by the gradient on its way back through all blocks of a He-ReLU network."""
    width = 100
    trial = parts(
        model=Mlp(width=width, depth=depth),
        activation=activation.Relu(),
        init=init.Normal(std=math.sqrt(2 / width)),
        residual=part,
        task=RandomSignal(features=width, outputs=width),
        **changes,
    )
    records = train(cohort(trial, seeds=seeds, steps=0))
    flows = np.stack([record.series["signal"].values[0] for record in records])
    return flows, np.mean((flows[:, 0] / flows[:, -1]) ** 2)


@pytest.mark.parametrize("blocks", [10, 40])
@pytest.mark.parametrize("power", [0.5, 1.0])
def test_a_branch_divided_by_depth_keeps_the_gradient_bounded(blocks, power):
    """Ground truth G32: (1 + 1/L)^L and (1 + 1/L^2)^L for branches with a gain of 1."""
    _, found = powers(residual.Scaled(depth_power=power), blocks + 1)
    assert found == pytest.approx((1 + blocks ** (-2 * power)) ** blocks, rel=0.06)


def test_a_plain_residual_block_doubles_the_power_of_the_gradient():
    """Ground truth G31."""
    _, found = powers(residual.Scaled(), 11)
    assert found ** (1 / 10) == pytest.approx(2.0, rel=0.03)


@pytest.mark.parametrize("part", [residual.ZeroInit(), residual.Fixup(), residual.ReZero()])
def test_a_branch_that_starts_at_zero_is_the_identity_at_any_depth(part):
    """Ground truth G34: exactly 1 at L = 40, where a plain residual network gains 2^40."""
    flows, _ = powers(part, 41, seeds=2)
    assert (flows == flows[:, :1]).all()
    assert (flows > 0).all()


def test_the_rules_of_one_class_train_in_one_cohort_each_by_its_own_numbers():
    rules = [{}, {"scale": 0.1}, {"scale": HALF, "skip_scale": HALF}, {"depth_power": 0.5}, {"depth_power": 1.0}]
    common = {"model": Mlp(width=7, depth=5), "activation": activation.Tanh()}
    trials = [parts(residual=residual.Scaled(**rule), **common) for rule in rules]
    whole = cohort(*trials, seeds=1)
    together = train(whole)
    for record, member in zip(together, whole.members, strict=True):
        (alone,) = train(replace(whole, members=(member,)))
        np.testing.assert_array_equal(record.series["signal"].values, alone.series["signal"].values)
    assert len({record.series["signal"].values[0, 0] for record in together}) == len(rules)


@pytest.mark.parametrize(("maps", "expected"), [(1, [0.0]), (2, [1 / 4, 0.0]), (3, [1 / 2, 1 / 2, 0.0])])
def test_fixup_scales_all_maps_of_a_branch_but_its_last(maps, expected):
    """Zhang, Dauphin & Ma 2019: L^(-1 / (2m - 2)), and 0 for the last; here L = 16."""
    found = []
    for index in range(maps):
        weight = torch.ones(2, 3)
        residual.Fixup().adjust(16, maps, index)(weight)
        found += weight.unique().tolist()
    assert found == pytest.approx(expected)


def test_only_the_last_map_of_a_branch_starts_at_zero():
    adjusts = [residual.ZeroInit().adjust(16, 3, index) for index in range(3)]
    assert adjusts[:2] == [None, None]
    assert (adjusts[2](torch.ones(2, 3)) == 0).all()


def gate(members, size):
    torch.manual_seed(0)
    weight, bias = torch.randn(members, size, size).double(), torch.randn(members, size).double()
    part = stack([residual.Gated()] * members, "cpu")
    return part.at(Pass({"gate.weight": weight, "gate.bias": bias}).at("gate"), 3), weight, bias


def test_a_highway_on_images_gates_every_pixel_and_leaves_memory_as_it_was():
    members, batch, size = 2, 5, 4
    join, weight, bias = gate(members, size)
    stacked = torch.randn(2, batch, members * size, 3, 2, dtype=torch.float64)  # as grouped convolutions leave them
    skip, branch = (one.unflatten(1, (members, size)).transpose(0, 1) for one in stacked)
    joined = join(skip, branch)
    for member in range(members):
        opening = torch.sigmoid(F.conv2d(skip[member], weight[member, :, :, None, None], bias[member]))
        expected = opening * branch[member] + (1 - opening) * skip[member]
        torch.testing.assert_close(joined[member], expected, rtol=1e-12, atol=1e-13)
    assert joined.stride() == skip.stride()


def test_a_neighbour_that_is_not_finite_does_not_leak():
    members = 3
    skip, branch = torch.randn(2, members, 5, 4, dtype=torch.float64)
    branch[1] = math.inf
    own = {"at.alpha": torch.ones(members, 1, dtype=torch.float64)}
    joins = [gate(members, 4)[0]]
    for kind in (residual.Scaled, residual.ReZero, residual.ZeroInit):
        joins.append(stack([kind()] * members, "cpu").at(Pass(own).at("at"), 3))
    for join in joins:
        joined = join(skip, branch)
        assert joined[[0, 2]].isfinite().all()
        assert not joined[1].isfinite().any()


class Alpha(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.alpha = nn.Parameter(torch.empty(1))

    def forward(self, skip, branch):
        return skip + self.alpha * branch


class Highway(nn.Linear):
    def __init__(self, width):
        super().__init__(width, width)

    def forward(self, skip, branch):
        opening = torch.sigmoid(super().forward(skip))
        return opening * branch + (1 - opening) * skip


@pytest.mark.parametrize(
    ("part", "kind"), [(residual.Scaled(), Add), (residual.ReZero(start=0.1), Alpha), (residual.Gated(), Highway)]
)
def test_a_residual_multilayer_perceptron_equals_plain_modules(part, kind):
    trial = parts(model=Mlp(width=6, depth=3), init=init.Default(), residual=part)
    assert_equals_twin(lambda: Perceptron(16, 6, 6, 6, 1, join=kind), trial)


def test_a_projection_carries_the_skip_where_the_width_changes():
    trial = parts(model=Mlp(width=[6, 4, 4], depth=3), init=init.Default(), residual=residual.Scaled(projection=True))
    assert_equals_twin(lambda: Perceptron(16, 6, 4, 4, 1, join=Add), trial, steps=(2,))


def test_widths_that_do_not_meet_are_refused_without_a_projection():
    with pytest.raises(ValueError, match=r"set residual\.projection=true"):
        train(cohort(parts(model=Mlp(width=[6, 4], depth=2), residual=residual.ReZero())))


def test_gates_start_at_their_bias_and_alphas_at_their_start_in_full_precision():
    for part, name, value in (
        (residual.Gated(bias=-1.3), "layer_02.residual.bias", -1.3),
        (residual.ReZero(start=0.3), "layer_02.residual.alpha", 0.3),
    ):
        trial = parts(model=Mlp(width=4, depth=2), residual=part)
        (record,) = train(cohort(trial, seeds=1, steps=0, dtype="float64", keep_weights=True))
        assert (record.weights[name] == value).all()


@pytest.mark.parametrize("part", [residual.ZeroInit(), residual.Fixup()])
def test_a_branch_that_starts_at_zero_has_no_bias_either(part):
    """Also with PyTorch's own law for biases, x_L = x_1 whatever the depth (ground truth G34)."""
    trial = parts(model=Mlp(width=8, depth=20), residual=part, init=init.Default(), activation=activation.Relu())
    flow = train(cohort(trial, seeds=1, steps=0, dtype="float64"))[0].series["signal"].values[0]
    np.testing.assert_allclose(flow, flow[-1], rtol=1e-12)
    weights = train(cohort(trial, seeds=1, steps=0, keep_weights=True))[0].weights
    assert not any(weights[f"layer_{layer:02d}.bias"].any() for layer in range(2, 21))
