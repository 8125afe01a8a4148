"""The transformer encoder: torch.nn.TransformerEncoderLayer for every member."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from support.cohorts import Numbered, cohort, parts
from support.parity import assert_parity
from support.twins import assert_equals_twin
from torch import nn

from gradstudy.factors import activation, init, lr, optimizer, regularization
from gradstudy.factors.model.transformer import Transformer
from gradstudy.factors.normalization.features import LayerNorm
from gradstudy.factors.residual import Scaled
from gradstudy.layer_parts import network_of
from gradstudy.tasks.adding import Adding
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.tasks.task import cross_entropy
from gradstudy.training.engine import train
from gradstudy.training.start.streams import numpy_stream


@dataclass(frozen=True)
class Halved(regularization.Penalty):
    """Dropout without chance, so that a twin can do the same."""

    def drop(self, local):
        return lambda x: x / 2


@dataclass(frozen=True)
class Labels(RandomSignal):
    """A random class for every sample, or for every time step."""

    each_step: bool = False

    @property
    def shape(self):
        return replace(super().shape, each_step=self.each_step)

    def draw(self, stream, count):
        inputs = stream.standard_normal((count, *self.shape.inputs))
        return inputs, stream.integers(self.outputs, size=(count, self.length) if self.each_step else count)

    def loss(self, output, target):
        if self.each_step:
            output, target = output.flatten(1, 2), target.flatten(1, 2)
        return cross_entropy(output, target)


def encoder(**changes):
    """The parts of a trial: the classic, a small ReLU encoder on the adding problem, changed where asked."""
    classic = {
        "model": Transformer(width=12, depth=2, heads=3, feedforward=2),
        "activation": activation.Relu(),
        "init": init.Default(),
        "normalization": LayerNorm(),
        "residual": Scaled(),
    }
    return parts(**(classic | changes))


class Twin(nn.Module):
    """The same network as plain PyTorch would have it."""

    def __init__(self, trial):
        super().__init__()
        model, shape = trial["model"], trial["task"].shape
        size, pre = model.width, model.order == "pre"
        self.shape, phi = shape, {activation.Relu: "relu", activation.Tanh: torch.tanh}[type(trial["activation"])]
        self.embedding = nn.Linear(shape.sequence[1], size)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                size, model.heads, model.feedforward * size, 0.0, phi, batch_first=True, norm_first=pre
            )
            for _ in range(model.depth)
        )
        self.norm = nn.LayerNorm(size) if pre else nn.Identity()
        self.readout = nn.Linear(size, shape.outputs)
        self.positions = model.positions != "none"

    def forward(self, inputs):
        if inputs.dim() == 4:
            inputs = torch.cat(list(inputs.unbind(1)), dim=2)
        x = self.embedding(inputs)
        if self.positions:
            x = x + textbook_positions(*x.shape[1:])
        for layer in self.layers:
            x = layer(x)
        x = self.norm(x)
        return self.readout(x if self.shape.each_step else x.mean(1))


def textbook_positions(length, width):
    """Entry by entry as Vaswani et al. 2017 write it."""
    table = torch.zeros(length, width, dtype=torch.float64)
    for t in range(length):
        for i in range(0, width, 2):
            table[t, i] = math.sin(t / 10000 ** (i / width))
            if i + 1 < width:
                table[t, i + 1] = math.cos(t / 10000 ** (i / width))
    return table


def torch_name(name):
    """layer_02.linear1.weight -> layers.1.linear1.weight"""
    place, _, rest = name.partition(".")
    return f"layers.{int(place[-2:]) - 1}.{rest}" if place.startswith("layer_") else name


TWINS = {
    "pre": {},
    "post": {"model": Transformer(width=12, depth=2, heads=3, feedforward=2, order="post")},
    "no positions": {"model": Transformer(width=9, depth=1, heads=1, feedforward=1, positions="none")},
    "odd width": {"model": Transformer(width=7, depth=1, heads=7, feedforward=3)},
    "each step": {"task": Labels(features=3, outputs=4, length=5, batch_size=6, each_step=True)},
    "images": {"task": Labels(features=2, outputs=3, side=4, batch_size=6)},
}


@pytest.mark.parametrize("case", TWINS)
def test_steps_in_float64_equal_torch_encoder_layers(case):
    trial = encoder(**TWINS[case])
    assert_equals_twin(lambda: Twin(trial), trial, rename=torch_name, steps=(1, 3) if case in ("pre", "post") else (2,))


class Half(nn.Module):
    def forward(self, x):
        return x / 2


@pytest.mark.parametrize("order", ["pre", "post"])
def test_dropout_stands_where_torch_has_it_around_the_sublayers(order):
    model = Transformer(width=6, depth=1, heads=2, feedforward=2, order=order)
    trial = encoder(model=model, regularization=Halved(), activation=activation.Tanh())

    def make():
        twin = Twin(trial)
        for layer in twin.layers:
            layer.dropout, layer.dropout1, layer.dropout2 = Half(), Half(), Half()
        return twin

    assert_equals_twin(make, trial, rename=torch_name, steps=(2,))


class FeedForwardTwin(nn.Module):
    def __init__(self, trial):
        super().__init__()
        twin = Twin(trial)
        self.embedding, self.layers, self.readout, self.norm = twin.embedding, twin.layers, twin.readout, twin.norm
        for layer in self.layers:
            del layer.self_attn, layer.norm1

    def forward(self, inputs):
        x = self.embedding(inputs)
        for layer in self.layers:
            x = x + layer.linear2(torch.relu(layer.linear1(layer.norm2(x))))
        return self.readout(self.norm(x).mean(1))


def test_without_attention_the_feed_forward_sublayers_stand_alone():
    model = Transformer(width=8, depth=3, feedforward=2, attention=False, positions="none")
    trial = encoder(model=model)
    assert_equals_twin(lambda: FeedForwardTwin(trial), trial, rename=torch_name, steps=(2,))


@pytest.mark.parametrize("order", ["pre", "post"])
def test_the_signal_is_the_gradient_at_the_residual_stream_after_each_block(order):
    trial = encoder(model=Transformer(width=12, depth=3, heads=3, feedforward=2, order=order))
    (record,) = train(cohort(trial, seeds=1, steps=0, dtype="float64", keep_weights=True))
    twin, streams = Twin(trial).double(), []
    twin.load_state_dict({torch_name(name): torch.from_numpy(value) for name, value in record.weights.items()})
    for layer in twin.layers:
        layer.register_forward_hook(lambda _, __, output: streams.append(output))
    inputs, targets = (torch.from_numpy(array) for array in trial["task"].batch(numpy_stream(0, 0, "data")))
    gradients = torch.autograd.grad(nn.functional.mse_loss(twin(inputs), targets), streams)
    expected = [gradient.square().mean().sqrt().item() * len(inputs) for gradient in gradients]
    assert record.series["signal"].places == ("layer_01", "layer_02", "layer_03")
    np.testing.assert_allclose(record.series["signal"].values[0], expected, rtol=1e-10)


def initial_weights(**changes):
    trial = encoder(model=Transformer(width=64, depth=1, heads=8), **changes)
    (record,) = train(cohort(trial, seeds=1, steps=0, keep_weights=True))
    return {name.removeprefix("layer_01."): value for name, value in record.weights.items()}


def test_init_default_draws_from_the_laws_of_torch():
    weights = initial_weights()
    bounds = {
        "self_attn.in_proj_weight": math.sqrt(6 / (64 + 3 * 64)),
        "self_attn.out_proj.weight": 1 / 8,
        "linear1.weight": 1 / 8,
        "linear2.weight": 1 / 16,
        "linear2.bias": 1 / 16,
    }
    for name, bound in bounds.items():
        assert 0.9 * bound < np.abs(weights[name]).max() <= bound, name
    assert not weights["self_attn.in_proj_bias"].any()
    assert not weights["self_attn.out_proj.bias"].any()


def test_queries_keys_and_values_are_drawn_one_by_one():
    for block in np.split(initial_weights(init=init.Orthogonal())["self_attn.in_proj_weight"], 3):
        np.testing.assert_allclose(block @ block.T, np.eye(64), atol=1e-5)


@pytest.mark.parametrize(("attention", "joins"), [(True, 6), (False, 3)])
def test_every_sublayer_is_a_residual_block_of_two_maps(attention, joins):
    model = Transformer(width=4, depth=3, attention=attention)
    (record,) = train(cohort(encoder(model=model, residual=Numbered()), seeds=1, steps=0, keep_weights=True))
    found = {name.split(".", 1)[1]: set(weight.flat) for name, weight in record.weights.items() if "layer_03" in name}
    first, second = {100 * joins + 20}, {100 * joins + 21}
    assert (found["linear1.weight"], found["linear2.weight"]) == (first, second)
    if attention:
        assert (found["self_attn.in_proj_weight"], found["self_attn.out_proj.weight"]) == (first, second)


@pytest.mark.parametrize(
    ("model", "task", "dtype"),
    [
        (Transformer(width=7, depth=2, heads=7, feedforward=3), Adding(length=9, batch_size=3), "float32"),
        (Transformer(width=9, depth=1, heads=3, order="post"), Adding(length=9, batch_size=1), "float32"),
        (Transformer(width=9, depth=1, heads=1), Adding(length=8, batch_size=3), "float64"),
        (Transformer(width=1, depth=1, heads=1), Labels(features=2, outputs=3, length=3, batch_size=1), "float32"),
        (Transformer(depth=1), Labels(features=3, outputs=4, length=16, batch_size=4, each_step=True), "float32"),
        (Transformer(width=5, attention=False), Labels(features=2, outputs=3, side=7, batch_size=5), "float32"),
    ],
)
def test_a_member_is_the_same_alone_in_a_subset_and_permuted(model, task, dtype):
    common = encoder(model=model, task=task, activation=activation.Tanh(), optimizer=optimizer.Adam())
    trials = [common | {"lr": lr.Constant(rate)} for rate in (0.003, 1e300, 0.03)]
    whole = cohort(*trials, steps=6, keep_weights=True, dtype=dtype)
    records = assert_parity(whole, [0], [5], [4, 1, 0], [5, 4, 3, 2, 1, 0])
    assert [record.first_bad_step is None for record in records] == [True, True, False, False, True, True]


def test_heads_divide_the_width_and_do_not_matter_without_attention():
    with pytest.raises(ValueError, match="heads must divide the width, 12, got 5: use one of 1, 2, 3, 4, 6, 12, or"):
        Transformer(width=12, heads=5)
    assert Transformer(width=5, heads=4, attention=False).joins == 2


def test_a_normalization_behind_the_activation_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"normalization.after=true has no place.*choose model.order=pre"):
        network_of(encoder(normalization=LayerNorm(after=True)))


def test_plain_features_are_refused():
    with pytest.raises(ValueError, match="this model reads a sequence"):
        network_of(encoder(task=RandomSignal()))
