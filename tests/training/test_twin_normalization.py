"""Level 1: networks with normalisations against plain modules in float64."""

import pytest
import torch
from cohorts import parts
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from twins import assert_equals_twin

from gradstudy.factors import init
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.rnn import Rnn
from gradstudy.factors.normalization.features import BatchNorm, GroupNorm, LayerNorm, RmsNorm
from gradstudy.factors.normalization.weights import SpectralNorm, WeightNorm

WIDTH, DEPTH, INPUTS = 6, 3, 16
STATE = {"u": "parametrizations.weight.0._u", "v": "parametrizations.weight.0._v"}


class Net(nn.Module):
    """Maps, a normalisation before or after each tanh, a read-out; `make_map` may normalise weights."""

    def __init__(self, make_norm, after=False, make_map=nn.Linear):
        super().__init__()
        self.maps = nn.ModuleList(make_map(INPUTS if index == 0 else WIDTH, WIDTH) for index in range(DEPTH))
        self.norms = nn.ModuleList(make_norm() for _ in range(DEPTH))
        self.readout, self.after = make_map(WIDTH, 1), after

    def forward(self, inputs):
        x = inputs.flatten(1)
        for one, norm in zip(self.maps, self.norms, strict=True):
            x = norm(torch.tanh(one(x))) if self.after else torch.tanh(norm(one(x)))
        return self.readout(x)


def rename(name):
    """layer_02.norm.weight -> norms.1.weight, layer_02.weight -> maps.1.weight."""
    layer, _, rest = name.partition(".")
    if layer == "readout":
        return name
    kind, rest = ("norms", rest.removeprefix("norm.")) if rest.startswith("norm.") else ("maps", rest)
    return f"{kind}.{int(layer[-2:]) - 1}.{rest}"


FEATURES = {
    "batch": (BatchNorm(momentum=0.3, eps=1e-3), lambda: nn.BatchNorm1d(WIDTH, 1e-3, 0.3)),
    "batch after": (BatchNorm(after=True), lambda: nn.BatchNorm1d(WIDTH)),
    "layer": (LayerNorm(), lambda: nn.LayerNorm(WIDTH)),
    "layer after": (LayerNorm(after=True), lambda: nn.LayerNorm(WIDTH)),
    "group": (GroupNorm(groups=3), lambda: nn.GroupNorm(3, WIDTH)),
    "rms": (RmsNorm(eps=1e-2), lambda: nn.RMSNorm(WIDTH, 1e-2)),
}


@pytest.mark.parametrize("case", FEATURES)
def test_a_multilayer_perceptron_with_normalised_features_equals_plain_modules(case):
    part, make = FEATURES[case]
    trial = parts(model=Mlp(width=WIDTH, depth=DEPTH), init=init.Default(), normalization=part)
    assert_equals_twin(lambda: Net(make, part.after), trial, rename=rename)


class WeightNormed(nn.Linear):
    """torch._weight_norm, with g as a vector."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.scale = nn.Parameter(torch.empty(outputs))

    def forward(self, x):
        return F.linear(x, torch._weight_norm(self.weight, self.scale.unsqueeze(1), 0), self.bias)


def test_a_multilayer_perceptron_with_weight_norm_equals_plain_modules():
    trial = parts(model=Mlp(width=WIDTH, depth=DEPTH), init=init.Default(), normalization=WeightNorm())

    def rename_weight(name):
        return rename(name).replace("weight.scale", "scale")

    assert_equals_twin(lambda: Net(nn.Identity, make_map=WeightNormed), trial, rename=rename_weight)


def test_a_multilayer_perceptron_with_spectral_norm_equals_plain_modules():
    trial = parts(model=Mlp(width=WIDTH, depth=DEPTH), init=init.Default(), normalization=SpectralNorm())

    def rename_weight(name):
        place, _, last = rename(name).rpartition(".")
        if last in STATE:
            return f"{place.removesuffix('.weight')}.{STATE[last]}"
        return f"{place}.parametrizations.weight.original" if last == "weight" else f"{place}.{last}"

    make = lambda *size: spectral_norm(nn.Linear(*size))  # noqa: E731
    assert_equals_twin(lambda: Net(nn.Identity, make_map=make), trial, rename=rename_weight)


class RecurrentNet(nn.Module):
    """A tanh RNN written out, with a normalisation before the tanh of every time step or of W_ih and W_hh."""

    def __init__(self, norm, weights=False):
        super().__init__()
        self.recurrent, self.norm, self.readout = nn.RNN(2, WIDTH, batch_first=True), norm, nn.Linear(WIDTH, 1)
        if weights:
            scales = {"weight_ih_l0": WIDTH, "weight_hh_l0": WIDTH, "readout": 1}
            self.scales = nn.ParameterDict({name: nn.Parameter(torch.empty(size)) for name, size in scales.items()})

    def weight(self, name, weight):
        return torch._weight_norm(weight, self.scales[name].unsqueeze(1), 0) if hasattr(self, "scales") else weight

    def forward(self, inputs):
        cell = self.recurrent
        w_ih, w_hh = (self.weight(name, getattr(cell, name)) for name in ("weight_ih_l0", "weight_hh_l0"))
        h = inputs.new_zeros(len(inputs), WIDTH)
        for x in inputs.unbind(1):
            h = torch.tanh(self.norm(F.linear(x, w_ih, cell.bias_ih_l0) + F.linear(h, w_hh, cell.bias_hh_l0)))
        return F.linear(h, self.weight("readout", self.readout.weight), self.readout.bias)


@pytest.mark.parametrize(
    ("part", "make"),
    [(BatchNorm(), lambda: nn.BatchNorm1d(WIDTH)), (LayerNorm(), lambda: nn.LayerNorm(WIDTH))],
)
def test_a_recurrent_network_that_is_normalised_at_every_time_step_equals_plain_modules(part, make):
    trial = parts(model=Rnn(width=WIDTH), init=init.Default(), normalization=part)
    rename_norm = lambda name: name.replace("recurrent.l0.norm", "norm")  # noqa: E731
    assert_equals_twin(lambda: RecurrentNet(make()), trial, rename=rename_norm)


def test_a_recurrent_network_with_weight_norm_equals_plain_modules():
    trial = parts(model=Rnn(width=WIDTH), init=init.Default(), normalization=WeightNorm())

    def rename_scale(name):
        place, _, last = name.rpartition(".")
        if last != "scale":
            return name
        return f"scales.{'readout' if place.startswith('readout') else place.removeprefix('recurrent.')}"

    assert_equals_twin(lambda: RecurrentNet(nn.Identity(), weights=True), trial, rename=rename_scale)
