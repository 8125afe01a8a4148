"""The residual network: equal to plain PyTorch, equal to itself in any company, and true to its blocks' theory."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from support.cohorts import Numbered, cohort, parts
from support.images import Pictures
from support.twins import assert_equals_twin
from torch import nn

from gradstudy.factors import activation, init
from gradstudy.factors.model.resnet import BLOCKS, RESNET_KINDS, ResNet
from gradstudy.factors.residual import NoResidual, Scaled
from gradstudy.layer_parts import Normalization, network_of
from gradstudy.network import Parameter
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.training.engine import train


@dataclass(frozen=True)
class FeatureScale(Normalization):
    """A stand-in that says where a normalisation stands: x times a learned number per feature."""

    after: bool = False

    def parameters(self, name, size, *, spatial=False):
        return (Parameter(f"{name}.weight", (size,), "own", fill=lambda _, g: torch.rand(size, generator=g) + 0.5),)

    def at(self, local):
        weight = local["weight"].unsqueeze(1)
        return lambda x: x * (weight if x.dim() == 3 else weight[..., None, None])


class Scale(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size))

    def forward(self, x):
        return x * self.weight.view(1, -1, *[1] * (x.dim() - 2))


class Twin(nn.Module):
    """The three blocks, written down one by one."""

    def __init__(self, kind, block, *, skip=True, after=False, padding="zeros", width=4, depth=2):
        super().__init__()
        self.kind, self.block, self.skip, self.after, self.depth = kind, block, skip, after, depth

        def make_map(inputs):
            if kind == "dense":
                return nn.Linear(inputs, width)
            return nn.Conv2d(inputs, width, 3, padding="same", padding_mode=padding)

        self.stem, self.readout = make_map(2 if kind == "conv" else 50), nn.Linear(width, 3)
        self.firsts = nn.ModuleList(make_map(width) for _ in range(depth))
        self.seconds = nn.ModuleList(make_map(width) for _ in range(depth))
        norms = 1 if block == "feedforward" else 2
        self.norms = nn.ModuleList(nn.ModuleList(Scale(width) for _ in range(norms)) for _ in range(depth))
        self.outer = Scale(width)

    def active(self, norm, x):
        return norm(torch.tanh(x)) if self.after else torch.tanh(norm(x))

    def forward(self, x):
        x = self.stem(x.flatten(1) if self.kind == "dense" else x)
        x = self.active(self.outer, x) if self.block == "original" else x
        for first, second, norms in zip(self.firsts, self.seconds, self.norms, strict=True):
            skip = x if self.skip else 0
            if self.block == "preactivation":
                x = skip + second(self.active(norms[1], first(self.active(norms[0], x))))
            elif self.block == "original":
                x = torch.tanh(skip + norms[1](second(self.active(norms[0], first(x)))))
            else:
                x = skip + second(torch.tanh(first(norms[0](x))))
        x = x if self.block == "original" else self.active(self.outer, x)
        return self.readout(x.mean((2, 3)) if self.kind == "conv" else x)


def rename(name):
    """Ours: layer_02.first.weight, layer_02.second.norm.weight, stem.norm.weight."""
    place, _, rest = name.partition(".")
    if rest == "norm.weight":
        return "outer.weight"
    if not place.startswith("layer"):
        return name
    which, _, kind = rest.partition(".")
    if kind == "norm.weight":
        return f"norms.{int(place[-2:]) - 1}.{('first', 'second').index(which)}.weight"
    return f"{which}s.{int(place[-2:]) - 1}.{kind}"


def trial(kind, block, **changes):
    model = ResNet(width=4, depth=2, kind=kind, block=block, padding=changes.pop("padding", "zeros"))
    defaults = {"residual": Scaled(), "normalization": FeatureScale(), "init": init.Default()}
    return parts(model=model, task=Pictures(), **(defaults | changes))


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("kind", RESNET_KINDS)
def test_steps_equal_plain_modules(kind, block):
    assert_equals_twin(lambda: Twin(kind, block), trial(kind, block), rename=rename)


@pytest.mark.parametrize("block", BLOCKS)
def test_without_a_residual_the_plain_twin_remains(block):
    plain = trial("dense", block, residual=NoResidual())
    assert_equals_twin(lambda: Twin("dense", block, skip=False), plain, rename=rename, steps=(2,))


def test_a_normalization_can_follow_the_activations_where_the_two_stand_together():
    after = trial("dense", "preactivation", normalization=FeatureScale(after=True))
    assert_equals_twin(lambda: Twin("dense", "preactivation", after=True), after, rename=rename, steps=(2,))
    for block in ("original", "feedforward"):
        with pytest.raises(ValueError, match=r"model.block=preactivation"):
            network_of(trial("dense", block, normalization=FeatureScale(after=True)))


def test_circular_images_equal_plain_modules():
    torus = trial("conv", "preactivation", padding="circular")
    assert_equals_twin(lambda: Twin("conv", "preactivation", padding="circular"), torus, rename=rename, steps=(2,))


@pytest.mark.parametrize("kind", RESNET_KINDS)
def test_the_residual_adjusts_both_maps_of_every_branch_and_nothing_else(kind):
    (record,) = train(cohort(trial(kind, "original", residual=Numbered()), seeds=1, steps=0, keep_weights=True))
    weights = {name: value for name, value in record.weights.items() if value.ndim > 1}
    for name, value in weights.items():
        if name.startswith("layer"):
            np.testing.assert_array_equal(value, 220 + (".second." in name))
        else:
            assert np.abs(value).max() < 1, name


def growth_per_block(block, phi, variance):
    """The factor by which one block multiplies the power of the gradient, from blocks 5 to 36 of 40."""
    width = 128
    model = ResNet(width=width, depth=40, kind="dense", block=block)
    law = init.Normal(std=math.sqrt(variance / width))
    measured = parts(model=model, task=RandomSignal(), activation=phi, init=law, residual=Scaled())
    signals = [record.series["signal"].values[0] for record in train(cohort(measured, seeds=6, steps=0))]
    return math.exp(np.mean([2 * math.log(signal[4] / signal[35]) / 31 for signal in signals]))


@pytest.mark.parametrize(
    ("block", "phi", "variance", "expected"),
    [
        ("feedforward", activation.Relu(), math.sqrt(2), 2.0),  # 1 + s2 * s2 / 2, the product of the variances 2
        ("feedforward", activation.Relu(), 2.0, 3.0),  # both maps He
        ("feedforward", activation.Identity(), 1.0, 2.0),  # linear: 1 + s2 * s2
        ("preactivation", activation.Relu(), 2.0, 2.0),  # 1 + (s2 / 2)^2
    ],
)
def test_plain_residual_blocks_multiply_the_power_of_the_gradient(block, phi, variance, expected):
    """With independent random maps a branch adds the power that its maps and slopes let through."""
    assert growth_per_block(block, phi, variance) == pytest.approx(expected, rel=0.03)


def test_the_flow_points_are_the_stream_after_each_block():
    """Linear and without maps in the branches the stream does not change, nor does its gradient."""
    still = trial("conv", "preactivation", residual=Scaled(), init=init.Normal(gain=0.0), normalization=FeatureScale())
    (record,) = train(cohort(still | {"activation": activation.Identity()}, seeds=1, steps=0))
    signal = record.series["signal"]
    assert signal.places == ("layer_01", "layer_02")
    assert signal.values[0, 0] == signal.values[0, 1]


def test_convolutions_need_images_and_dense_maps_take_any_features():
    with pytest.raises(ValueError, match="convolves images"):
        network_of(parts(model=ResNet()))
    assert network_of(parts(model=ResNet(kind="dense")))
