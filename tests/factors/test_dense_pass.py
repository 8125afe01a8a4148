"""The machine code of a perceptron against autograd in float64, gradient by gradient: of training and of looks."""

import math

import pytest
import torch
from support.cohorts import cohort, parts
from support.parity import assert_parity
from support.taps import places_of

from gradstudy.factors import activation, init, lr, regularization, residual
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.normalization.features import LayerNorm
from gradstudy.factors.normalization.weights import WeightNorm
from gradstudy.kernels.compiled import runs_compiled
from gradstudy.layer_parts import network_of
from gradstudy.network import Pass, Probe
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.tasks.teacher import Teacher
from gradstudy.training.cohort import stack
from gradstudy.training.instrument.inspection import as_applied, flat_units
from gradstudy.training.instrument.norms import flow_rms

pytestmark = pytest.mark.skipif(not runs_compiled(torch.zeros(1)), reason="Numba is not installed")


def stacked(members):
    return stack(list(members), torch.device("cpu"))


THREE = (0.0, 0.3, 1.7)
SIZES = [
    (1, 1, 1, 1, 1),
    (3, 5, 20, 11, 2),
    (10, 32, 64, 10, 10),
    (16, 16, 8, 16, 2),
    (33, 17, 3, 2, 3),
]
"""Widths, batches, features, outputs and depths that fill tiles, and that do not."""
RULES = [
    activation.Identity(),
    activation.Sigmoid(),
    activation.Tanh(),
    activation.HardTanh(),
    activation.Relu(),
    stacked(activation.LeakyRelu(slope) for slope in THREE),
]


def drawn(members=3, batch=5, features=9, outputs=4, scale=1.5, **changes):
    """A network, its parameters, and inputs and output gradients, all in float64 from numbers of float32."""
    task = RandomSignal(features=features, outputs=outputs, batch_size=batch)
    network = network_of(parts(**{"model": Mlp(width=7, depth=3), "task": task} | changes))
    normal = lambda *shape: torch.randn(*shape).double()  # noqa: E731
    values = {p.name: scale / math.sqrt(p.shape[-1]) * normal(members, *p.shape) for p in network.parameters}
    return network, values, normal(members, batch, features), normal(members, batch, outputs)


def gradients(network, values, x, sent, **settings):
    """By name; those of the flow points in a row."""
    leaves = {name: value.to(x.dtype).requires_grad_() for name, value in values.items()}
    run = Pass(leaves, training=True, **settings)
    flow = network(run, x)
    if flow.back is not None:
        signals = flow.back(sent)
        found = [*map(run.into.__getitem__, leaves), *signals]
    else:
        found = torch.autograd.grad((flow.output * sent).sum(), [*leaves.values(), *flow.tensors])
    places = places_of(flow, found[len(leaves) :])["signal"]
    both = dict(zip(leaves, found, strict=False)), [place for (place,) in places]
    return flow, *both


def assert_same_gradients(network, values, x, sent, tolerance=3e-6):
    plain, of_parameters, signals = gradients(network, values, x, sent)
    ours, found, flow = gradients(network, values, x.float(), sent.float())
    assert plain.taps is None
    assert ours.taps is not None
    pairs = [(ours.output, plain.output), *((found[name], of_parameters[name]) for name in found)]
    pairs += [(one.transpose(1, 2), other) for one, other in zip(flow, signals, strict=True)]
    for one, other in pairs:
        within = tolerance * other.abs().amax(list(range(1, other.dim())), keepdim=True)
        assert ((one - other).abs() <= within).all()


@pytest.mark.parametrize("phi", RULES, ids=lambda phi: type(phi).__name__)
def test_every_activation_with_a_rule_has_the_gradients_of_autograd(phi):
    assert_same_gradients(*drawn(activation=phi))


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("members", [1, 4])
def test_sizes_that_fill_no_tile_are_right_too(sizes, members):
    width, batch, features, outputs, depth = sizes
    model = Mlp(width=width, depth=depth)
    assert_same_gradients(*drawn(members, batch, features, outputs, model=model), tolerance=1e-5)


def test_frozen_layers_and_a_norm_of_weights_are_right_too():
    for depth, frozen, norm in ((3, 1, None), (2, 2, None), (3, 0, WeightNorm())):
        changes = {"model": Mlp(width=7, depth=depth, frozen=frozen)} | ({"normalization": norm} if norm else {})
        assert_same_gradients(*drawn(**changes))


def test_a_gradient_lies_where_it_is_asked_for_and_strided_parameters_are_read_as_they_lie():
    network, values, x, sent = drawn()
    expected = gradients(network, values, x.float(), sent.float())[1]
    wide = {name: torch.full((len(v), v[0].numel() + 5), math.nan) for name, v in values.items()}
    views = {name: wide[name][:, 2:-3].view(v.shape) for name, v in values.items()}
    for name, value in values.items():
        views[name].copy_(value)
    rows = {name: torch.full_like(value, math.nan) for name, value in wide.items()}
    into = {name: rows[name][:, 2:-3].view(value.shape) for name, value in values.items()}
    found = gradients(network, {name: v.detach() for name, v in views.items()}, x.float(), sent.float(), into=into)[1]
    for name, value in expected.items():
        assert torch.equal(found[name], value)
        assert found[name].data_ptr() == into[name].data_ptr()
        assert rows[name][:, :2].isnan().all()
        assert rows[name][:, -3:].isnan().all()


def test_two_passes_at_once_do_not_notice_each_other():
    network, values, x, sent = drawn()
    alone = [gradients(network, values, scale * x.float(), sent.float()) for scale in (1, 2)]
    leaves = {name: value.float().requires_grad_() for name, value in values.items()}
    flows = [network(Pass(leaves, training=True), scale * x.float()) for scale in (1, 2)]
    for flow, (_, expected, signals) in reversed(list(zip(flows, alone, strict=True))):
        found = torch.autograd.grad((flow.output * sent.float()).sum(), [*leaves.values(), *flow.tensors])
        assert all(map(torch.equal, found, [*expected.values(), torch.stack(signals)]))


def test_a_member_that_overflows_says_so_and_leaves_the_others_alone():
    network, values, x, sent = drawn(activation=activation.Relu())
    expected = gradients(network, values, x.float(), sent.float())
    for bad in (1e30, math.inf, math.nan):
        spoilt = {name: value.index_fill(0, torch.tensor(1), bad) for name, value in values.items()}
        flow, found, signals = gradients(network, spoilt, x.float(), sent.float())
        assert not flow.output[1].isfinite().any()
        assert not all(one[1].isfinite().all() for one in found.values())
        for one, other in zip(
            [flow.output, *found.values(), *signals],
            [expected[0].output, *expected[1].values(), *expected[2]],
            strict=True,
        ):
            assert torch.equal(one[[0, 2]], other[[0, 2]])


def look(network, values, x, sent, *, by_hand=True, rows=True):
    """What a look inside finds, by name; `rows`: gradients have a place where they belong."""
    into = {name: torch.full_like(value, math.nan) for name, value in values.items()} if by_hand and rows else {}
    probe, size = Probe(by_hand=by_hand), len(x)
    leaves = {name: value.clone().requires_grad_() for name, value in values.items()}
    run = Pass(leaves, training=True, probe=probe, into=into)
    flow = network(run, x)
    assert (flow.taps is not None) == by_hand
    assert (flow.back is not None) == bool(into)
    rule, coefficient = network.by_hand.activation.rule
    coefficients = torch.as_tensor(coefficient, dtype=torch.float64).expand(size).contiguous()
    applied = probe.applied or {site: [as_applied(y) for *_, y in entered] for site, entered in probe.entered.items()}
    limits = torch.full((size,), 0.2, dtype=torch.float64)
    dead, flat = flat_units(rule, coefficients, list(applied.values()), limits)
    entered = probe.values["signal"][0] if by_hand else torch.stack([z for (z,) in flow.points["signal"]])
    entered = entered.transpose(2, 3) if by_hand else entered
    if into:
        signals, found = flow.back(sent), list(into.values())
    else:
        both = torch.autograd.grad((flow.output * sent).sum(), [*leaves.values(), *flow.tensors])
        found, signals = both[: len(leaves)], both[len(leaves) :]
    assert tuple(applied) == network.places["signal"]
    numbers = {
        "output": flow.output,
        "dead": dead.t(),
        "flat": flat.t(),
        "signal": flow_rms(flow, signals)["signal"].t(),
    }
    return numbers | {"entered": entered.detach().transpose(0, 1)} | dict(zip(leaves, found, strict=True))


def assert_looks_agree(network, values, x, sent):
    plain = look(network, values, x, sent, by_hand=False)
    for rows in (True, False):
        ours = look(network, values, x, sent, rows=rows)
        assert ours.keys() == plain.keys()
        for name, other in plain.items():
            within = 1e-13 * other.abs().amax(list(range(1, other.dim())), keepdim=True)
            assert ((ours[name] - other).abs() <= within).all(), name


@pytest.mark.parametrize("phi", RULES, ids=lambda phi: type(phi).__name__)
def test_a_look_finds_what_the_plain_pass_has_in_float64_for_every_activation_with_a_rule(phi):
    assert_looks_agree(*drawn(activation=phi))


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("members", [1, 4])
def test_a_look_does_at_sizes_that_fill_no_tile(sizes, members):
    width, batch, features, outputs, depth = sizes
    assert_looks_agree(*drawn(members, batch, features, outputs, model=Mlp(width=width, depth=depth)))


def test_a_look_does_with_frozen_layers():
    assert_looks_agree(*drawn(model=Mlp(width=7, depth=3, frozen=2)))


def test_a_look_does_with_a_norm_of_weights_whose_gradients_are_autograds():
    network, values, x, sent = drawn(normalization=WeightNorm())
    plain, ours = (look(network, values, x, sent, by_hand=by_hand, rows=False) for by_hand in (False, True))
    for name, other in plain.items():
        torch.testing.assert_close(ours[name], other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("phi", RULES, ids=lambda phi: type(phi).__name__)
def test_a_look_finds_of_a_member_bit_for_bit_the_same_in_any_company(phi):
    network, values, x, sent = drawn(activation=phi)
    whole = look(network, values, x, sent)
    for chosen in ([1], [2, 0]):
        leaky = isinstance(phi, activation.LeakyRelu)
        own = stacked(activation.LeakyRelu(THREE[one]) for one in chosen) if leaky else phi
        few, *_ = drawn(activation=own)
        alone = look(few, {name: value[chosen] for name, value in values.items()}, x[chosen], sent[chosen])
        for name, found in alone.items():
            assert torch.equal(found, whole[name][chosen]), name


@pytest.mark.parametrize("bad", [1e200, math.inf, math.nan])
def test_a_look_at_a_member_that_overflows_has_the_plain_passs_infinities_and_leaves_the_others_alone(bad):
    network, values, x, sent = drawn(activation=activation.Relu())
    values = {name: value.abs() for name, value in values.items()}
    x, sent = x.abs(), sent.abs()
    expected = look(network, values, x, sent)
    spoilt = {name: value.index_fill(0, torch.tensor(1), bad) for name, value in values.items()}
    found, plain = (look(network, spoilt, x, sent, by_hand=by_hand) for by_hand in (True, False))
    assert not found["output"][1].isfinite().any()
    for name, ours in found.items():
        assert torch.equal(ours[[0, 2]], expected[name][[0, 2]]), name
        assert torch.equal(ours.isfinite(), plain[name].isfinite()), name
        assert torch.equal(ours.isnan(), plain[name].isnan()), name


def test_whoever_asks_for_more_than_the_standard_quantities_gets_the_plain_pass():
    network, values, x, _ = drawn()
    leaves = {name: value.float() for name, value in values.items()}
    for run in (Pass(leaves), Pass(leaves, training=True, probe=Probe()), Pass(leaves, training=True, watched={})):
        assert network(run, x.float()).taps is None
    assert network(Pass(values, training=True, probe=Probe()), x).taps is None


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": activation.Gelu()},
        {"activation": activation.Prelu()},
        {"normalization": LayerNorm()},
        {"residual": residual.Scaled()},
        {"regularization": regularization.Dropout()},
        {"model": Mlp(width=[6, 5], depth=2)},
    ],
)
def test_what_stands_between_two_maps_or_has_no_rule_gets_the_plain_pass(changes):
    assert not network_of(parts(**{"model": Mlp(depth=2), "task": RandomSignal()} | changes)).by_hand.holds


@pytest.mark.parametrize(("width", "batch", "phi"), [(1, 1, 0), (10, 32, 1), (7, 5, 2), (32, 17, 4), (5, 3, 3)])
def test_parity_holds_beside_a_diverging_neighbour(width, batch, phi):
    phi = RULES[phi]
    common = parts(model=Mlp(width=width, depth=3), task=Teacher(batch_size=batch), activation=phi)
    trials = [common | {"init": init.Normal(gain=gain, std=0.3), "lr": lr.Constant(gain)} for gain in (0.1, 1.0, 1.5)]
    trials[1] |= {"lr": lr.Constant(1e30)}
    whole = cohort(*trials, steps=6, keep_weights=True)
    assert_parity(whole, [0], [5], [4, 1], [5, 4, 3, 2, 1, 0])
