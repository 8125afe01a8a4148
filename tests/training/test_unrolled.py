"""The machine code of recurrent layers, against the plain loop and autograd in float64."""

import pytest
import torch
from support.cohorts import CELLS, parts
from support.taps import places_of

from gradstudy.factors import activation, regularization, residual
from gradstudy.kernels.rules import TANH
from gradstudy.layer_parts import network_of
from gradstudy.network import Pass, Probe
from gradstudy.tasks.adding import Adding
from gradstudy.tasks.copy_memory import CopyMemory
from gradstudy.training.instrument.inspection import as_applied, flat_units
from gradstudy.training.instrument.norms import flow_rms

ROUNDING = 3e-5
"""Of the largest entry: float32 keeps 6e-8, and a way back through a dozen steps adds some hundreds of those up."""
SHAPES = [(1, 5, 3), (3, 8, 16), (2, 16, 33), (1, 7, 50)]
"""Members, widths and batches that fill tiles, and that do not."""
ACTIVATIONS = [
    activation.Tanh(),
    activation.Relu(),
    activation.Identity(),
    activation.Sigmoid(),
    activation.LeakyRelu(0.1),
    activation.HardTanh(),
]


def flow_and_gradients(network, parameters, inputs, sent):
    """The output, gradients by parameter, and those of all flow points [place, tensor, member, batch, width]."""
    parameters = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    flow = network(Pass(parameters, training=True), inputs)
    found = torch.autograd.grad((flow.output * sent).sum(), [*parameters.values(), *flow.tensors])
    places = places_of(flow, found[len(parameters) :])
    points = {
        quantity: torch.stack([torch.stack([one.contiguous() for one in place]) for place in every])
        for quantity, every in places.items()
    }
    return flow, dict(zip(parameters, found, strict=False)), points


def drawn(network, members, scale=1.0):
    random = torch.Generator().manual_seed(0)
    return {
        p.name: scale * torch.randn(members, *p.shape, generator=random) / p.shape[-1] ** 0.5
        for p in network.parameters
    }


def assert_close(found, truth):
    assert found.shape == truth.shape
    assert (found.double() - truth).abs().max() <= ROUNDING * truth.abs().max()


def assert_equals_the_plain_loop(trial, members, batch):
    network = network_of(trial)
    shape = trial["task"].shape
    random = torch.Generator().manual_seed(1)
    inputs = torch.randn(members, batch, *shape.inputs, generator=random)
    parameters = drawn(network, members)
    with torch.no_grad():
        sent = torch.randn(network(Pass(parameters), inputs).output.shape, generator=random)
    by_hand = flow_and_gradients(network, parameters, inputs, sent)
    wide = {name: value.double() for name, value in parameters.items()}
    plain = flow_and_gradients(network, wide, inputs.double(), sent.double())
    assert by_hand[0].taps is not None
    assert plain[0].taps is None
    assert_close(by_hand[0].output, plain[0].output)
    for found, truth in zip(by_hand[1:], plain[1:], strict=True):
        assert found.keys() == truth.keys()
        for name in found:
            assert_close(found[name], truth[name])


@pytest.mark.parametrize(("members", "width", "batch"), SHAPES)
@pytest.mark.parametrize("cell", CELLS)
def test_values_gradients_and_flow_are_those_of_the_plain_loop_at_any_size(cell, members, width, batch):
    trial = parts(model=CELLS[cell](width=width), task=Adding(length=8, batch_size=batch))
    assert_equals_the_plain_loop(trial, members, batch)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("join", [residual.NoResidual(), residual.ReZero()])
@pytest.mark.parametrize("task", [Adding(length=8, batch_size=4), CopyMemory(length=3, batch_size=4)])
def test_they_are_in_stacked_and_joined_layers_and_with_an_answer_at_every_step(cell, join, task):
    trial = parts(model=CELLS[cell](width=6, depth=3), residual=join, task=task)
    assert_equals_the_plain_loop(trial, members=2, batch=4)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("function", ACTIVATIONS, ids=lambda one: type(one).__name__)
def test_they_are_for_every_activation_that_machine_code_knows(cell, function):
    trial = parts(model=CELLS[cell](width=5), activation=function, task=Adding(length=8, batch_size=4))
    assert_equals_the_plain_loop(trial, members=2, batch=4)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("task", [Adding(length=8, batch_size=5), CopyMemory(length=3, batch_size=5)])
@pytest.mark.parametrize("join", [residual.NoResidual(), residual.ReZero()])
def test_a_look_by_hand_finds_in_float64_what_the_plain_loop_has(cell, task, join):
    network = network_of(parts(model=CELLS[cell](width=6, depth=2), residual=join, task=task))
    random = torch.Generator().manual_seed(1)
    inputs = torch.randn(3, 5, *task.shape.inputs, generator=random, dtype=torch.float64)
    found = []
    for by_hand in (True, False):
        parameters = {name: value.double().requires_grad_() for name, value in drawn(network, 3).items()}
        probe = Probe(by_hand=by_hand)
        flow = network(Pass(parameters, training=True, probe=probe), inputs)
        assert bool(flow.taps) == by_hand
        ways = [way for both in probe.forks.values() for way in both]
        wanted = [*parameters.values(), *ways, *flow.tensors]
        gradients = torch.autograd.grad(flow.output.square().sum(), wanted, materialize_grads=True)
        points = probe.values or {
            quantity: [torch.stack(layer) for layer in zip(*places, strict=True)]
            for quantity, places in flow.points.items()
        }
        flowing = gradients[len(wanted) - len(flow.tensors) :]
        limits = torch.full((3,), 0.9, dtype=torch.float64)
        applied = probe.applied or {
            site: [as_applied(y) for *_, y in entered] for site, entered in probe.entered.items()
        }
        units = flat_units(TANH, torch.ones(3, dtype=torch.float64), list(applied.values()), limits)
        sizes = [one.norm(dim=(2, 3)) for layers in points.values() for one in layers]
        signals = flow_rms(flow, flowing).values()
        found.append([flow.output, *gradients[: len(parameters) + len(ways)], *sizes, *signals, *units])
        assert units[1].min() > 0
        assert units[1].max() < 1
    for ours, plain in zip(*found, strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS)
def test_what_stands_inside_the_cell_takes_the_plain_loop(cell):
    for inside in (
        {"activation": activation.Gelu()},
        {"regularization": regularization.Dropout(0.5, variational=True)},
    ):
        network = network_of(parts(model=CELLS[cell](width=5)) | inside)
        assert not network.runs_by_hand


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("cell", CELLS)
def test_what_overflows_is_inf_in_the_units_there_are_as_in_the_plain_loop(cell, dtype):
    """Five units are padded to eight, and 0 times inf is no number: neither forward, nor back, nor in the norms."""
    trial = parts(model=CELLS[cell](width=5), activation=activation.Relu(), task=Adding(length=30, batch_size=3))
    network, random = network_of(trial), torch.Generator().manual_seed(1)
    inputs = torch.rand(1, 3, *trial["task"].shape.inputs, generator=random, dtype=dtype)
    large = 1e4 if dtype == torch.float32 else 1e30
    found = []
    for by_hand in (True, False):
        values = {name: value.to(dtype).abs() for name, value in drawn(network, 1).items()}
        values = {name: value * large if "hh" in name and value.dim() > 2 else value for name, value in values.items()}
        parameters = {name: value.requires_grad_() for name, value in values.items()}
        plain = dtype == torch.float64 or not by_hand
        probe = Probe(by_hand=by_hand) if plain else None
        flow = network(Pass(parameters, training=True, probe=probe), inputs)
        assert bool(flow.taps) == by_hand
        flowing = torch.autograd.grad(flow.output.sum(), flow.tensors, materialize_grads=True)
        found.append((flow.output.detach(), flow_rms(flow, flowing)["signal"]))
    for ours, theirs in zip(*found, strict=True):
        assert torch.equal(ours.isfinite(), theirs.isfinite())
        assert torch.equal(ours.isnan(), theirs.isnan())
    assert cell != "rnn" or not all(one.isfinite().all() for one in found[0])
