"""Level 1: networks with normalisations against plain modules in float64."""

from functools import partial

import numpy as np
import pytest
import torch
from support.cohorts import cohort, parts
from support.twins import Perceptron, Unrolled, assert_equals_twin
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from gradstudy.factors import init
from gradstudy.factors.model.gru import Gru
from gradstudy.factors.model.lstm import Lstm
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.rnn import Rnn
from gradstudy.factors.normalization.base import NoNormalization
from gradstudy.factors.normalization.features import BatchNorm, GroupNorm, LayerNorm, RmsNorm
from gradstudy.factors.normalization.weights import SpectralNorm, WeightNorm
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.training.engine import train

WIDTH, DEPTH = 6, 3
SIZES = (16, *[WIDTH] * DEPTH, 1)
STATE = {"u": "parametrizations.weight.0._u", "v": "parametrizations.weight.0._v"}


FEATURES = {
    "batch": (BatchNorm(momentum=0.3, eps=1e-3), partial(nn.BatchNorm1d, eps=1e-3, momentum=0.3)),
    "batch after": (BatchNorm(after=True), nn.BatchNorm1d),
    "layer": (LayerNorm(), nn.LayerNorm),
    "layer after": (LayerNorm(after=True), nn.LayerNorm),
    "group": (GroupNorm(groups=3), partial(nn.GroupNorm, 3)),
    "rms": (RmsNorm(eps=1e-2), partial(nn.RMSNorm, eps=1e-2)),
}


@pytest.mark.parametrize("case", FEATURES)
def test_a_multilayer_perceptron_with_normalised_features_equals_plain_modules(case):
    part, make = FEATURES[case]
    trial = parts(model=Mlp(width=WIDTH, depth=DEPTH), init=init.Default(), normalization=part)
    assert_equals_twin(partial(Perceptron, *SIZES, norm=make, after=part.after), trial)


class WeightNormed(nn.Linear):
    """torch._weight_norm, with g as a vector."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.scale = nn.Parameter(torch.empty(outputs, 1))

    def forward(self, x):
        return F.linear(x, torch._weight_norm(self.weight, self.scale, 0), self.bias)


def test_a_multilayer_perceptron_with_weight_norm_equals_plain_modules():
    trial = parts(model=Mlp(width=WIDTH, depth=DEPTH), init=init.Default(), normalization=WeightNorm())
    twin = partial(Perceptron, *SIZES, linear=WeightNormed)
    assert_equals_twin(twin, trial, rename=lambda name: name.replace("weight.scale", "scale"))


def test_a_multilayer_perceptron_with_spectral_norm_equals_plain_modules():
    trial = parts(model=Mlp(width=WIDTH, depth=DEPTH), init=init.Default(), normalization=SpectralNorm())

    def rename(name):
        place, _, last = name.rpartition(".")
        if last in STATE:
            return f"{place.removesuffix('.weight')}.{STATE[last]}"
        return f"{place}.parametrizations.weight.original" if last == "weight" else f"{place}.{last}"

    make = lambda *size: spectral_norm(nn.Linear(*size))  # noqa: E731
    assert_equals_twin(partial(Perceptron, *SIZES, linear=make), trial, rename=rename)


class WeightNormedRnn(Unrolled):
    def __init__(self):
        super().__init__(WIDTH)
        scales = {"weight_ih_l0": WIDTH, "weight_hh_l0": WIDTH, "readout": 1}
        self.scales = nn.ParameterDict({name: nn.Parameter(torch.empty(size, 1)) for name, size in scales.items()})

    def weight(self, name, weight):
        return torch._weight_norm(weight, self.scales[name], 0)


@pytest.mark.parametrize(("part", "make"), [(BatchNorm(), nn.BatchNorm1d), (LayerNorm(), nn.LayerNorm)])
def test_a_recurrent_network_that_is_normalised_at_every_time_step_equals_plain_modules(part, make):
    trial = parts(model=Rnn(width=WIDTH), init=init.Default(), normalization=part)
    rename_norm = lambda name: name.replace("recurrent.l0.norm", "norm")  # noqa: E731
    assert_equals_twin(lambda: Unrolled(WIDTH, make(WIDTH)), trial, rename=rename_norm)


def test_a_recurrent_network_with_weight_norm_equals_plain_modules():
    trial = parts(model=Rnn(width=WIDTH), init=init.Default(), normalization=WeightNorm())

    def rename_scale(name):
        place, _, last = name.rpartition(".")
        if last != "scale":
            return name
        return f"scales.{'readout' if place.startswith('readout') else place.removeprefix('recurrent.')}"

    assert_equals_twin(WeightNormedRnn, trial, rename=rename_scale)


class NormalizedLstm(nn.Module):
    """Layer norm on the sum of both products, the biases behind it (Ba, Kiros & Hinton 2016, without that on c_t)."""

    def __init__(self):
        super().__init__()
        self.recurrent, self.readout = nn.LSTM(2, WIDTH, batch_first=True), nn.Linear(WIDTH, 1)
        self.norm = nn.LayerNorm(4 * WIDTH)

    def forward(self, inputs):
        cell = self.recurrent
        h = c = inputs.new_zeros(len(inputs), WIDTH)
        for x in inputs.unbind(1):
            normed = self.norm(F.linear(x, cell.weight_ih_l0) + F.linear(h, cell.weight_hh_l0))
            i, f, g, o = (normed + cell.bias_ih_l0 + cell.bias_hh_l0).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return self.readout(h)


class NormalizedGru(nn.Module):
    """Batch norm on the gates together and on the candidate, whose recurrent bias the reset gate multiplies."""

    def __init__(self):
        super().__init__()
        self.recurrent, self.readout = nn.GRU(2, WIDTH, batch_first=True), nn.Linear(WIDTH, 1)
        self.gates, self.candidate = nn.BatchNorm1d(2 * WIDTH), nn.BatchNorm1d(WIDTH)

    def forward(self, inputs):
        cell, two = self.recurrent, 2 * WIDTH
        h = inputs.new_zeros(len(inputs), WIDTH)
        bias = cell.bias_ih_l0 + cell.bias_hh_l0
        for x in inputs.unbind(1):
            from_x, from_h = F.linear(x, cell.weight_ih_l0), F.linear(h, cell.weight_hh_l0)
            r, z = torch.sigmoid(self.gates(from_x[:, :two] + from_h[:, :two]) + bias[:two]).chunk(2, dim=1)
            gated = r * (from_h[:, two:] + cell.bias_hh_l0[two:])
            n = torch.tanh(self.candidate(from_x[:, two:] + gated) + cell.bias_ih_l0[two:])
            h = (1 - z) * n + z * h
        return self.readout(h)


@pytest.mark.parametrize(
    ("model", "part", "twin"), [(Lstm, LayerNorm(), NormalizedLstm), (Gru, BatchNorm(), NormalizedGru)]
)
def test_gated_cells_are_normalised_before_their_biases(model, part, twin):
    trial = parts(model=model(width=WIDTH), init=init.Default(), normalization=part)
    assert_equals_twin(twin, trial, rename=lambda name: name.replace("recurrent.l0.", ""))


@pytest.mark.parametrize("part", [NoNormalization(), LayerNorm(), BatchNorm(), GroupNorm(), RmsNorm()])
@pytest.mark.parametrize("bias", [0.0, 1.0, 5.0])
def test_the_forget_bias_acts_behind_every_norm(part, bias):
    """Ground truth G44: without weights and inputs all gates are their biases, and dc_T/dc_1 = sigmoid(b)^(T - 1)."""
    silent = RandomSignal(features=3, outputs=2, length=11, scale=0.0)
    model = Lstm(width=8, forget_bias=bias)
    trial = parts(model=model, init=init.Normal(std=0.0), normalization=part, task=silent)
    flow = train(cohort(trial, seeds=1, steps=0, dtype="float64"))[0].series["cell_signal"].values[0]
    assert flow[0] / flow[-1] == pytest.approx((1 / (1 + np.exp(-bias))) ** 10, rel=1e-12)
