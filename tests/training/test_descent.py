"""What follows the gradients: machine code equals PyTorch's operations bit for bit, for every rule that there is."""

import numpy as np
import pytest
import torch
from support.cohorts import BY_ENTRY, parts

from gradstudy.factors import clipping, lr, optimizer, regularization
from gradstudy.kernels import rows
from gradstudy.network import Parameter
from gradstudy.training.cohort import RULE_GROUPS, stack
from gradstudy.training.descent import CompiledDescent, Descent
from gradstudy.training.flat import CACHE_LINE, Buffers, Flat
from gradstudy.training.row_norms import compiled_norms, plain_norms

MEMBERS, STEPS = 5, 4
PARAMETERS = tuple(
    Parameter(name, shape, "hidden", trained=trained)
    for name, shape, trained in (("a", (3, 7), False), ("b", (7,), True), ("c", (4, 3, 2), True), ("d", (), True))
)


class Whole:
    """A descent with the parameters of a whole cohort, as slices hold them."""

    def __init__(self, kind, values, parts, rates):
        flat = Flat(PARAMETERS)
        rows = flat.rows(values)
        gradients = torch.zeros_like(rows)
        self.parameters, self._into = flat.views(rows), flat.views(gradients)
        self._descent = kind(flat, rows, gradients, parts, rates)
        self.norms = (plain_norms if kind is Descent else compiled_norms)(flat, gradients)

    def take(self, gradients):
        for parameter, gradient in zip(PARAMETERS, gradients, strict=True):
            self._into[parameter.name].copy_(gradient)

    def __getattr__(self, name):
        return getattr(self._descent, name)


def both(one_optimizer, one_clipping, one_regularization):
    """The two ways of descending, from the same values."""
    of = parts(optimizer=one_optimizer, clipping=one_clipping, regularization=one_regularization, lr=lr.Cosine(0.3))
    stacked = {group: stack([of[group]] * MEMBERS, "cpu") for group in RULE_GROUPS}
    rates = stacked.pop("lr").at(torch.arange(STEPS, dtype=torch.float64).unsqueeze(1), STEPS).expand(STEPS, MEMBERS)
    torch.manual_seed(1)
    values = {p.name: torch.randn(MEMBERS, *p.shape) for p in PARAMETERS}
    return [Whole(kind, values, stacked, rates) for kind in (Descent, CompiledDescent)]


def gradients(step):
    torch.manual_seed(10 + step)
    return [10 ** float(step - 2) * torch.randn(MEMBERS, *p.shape) for p in PARAMETERS]


@pytest.mark.parametrize("of_regularization", [regularization.Penalty(0.1), regularization.Lasso(0.1, l1=0.05)])
@pytest.mark.parametrize("of_clipping", [clipping.Threshold(max_value=0.4), clipping.Adaptive()])
@pytest.mark.parametrize("of_optimizer", BY_ENTRY, ids=lambda part: type(part).__name__)
def test_machine_code_takes_the_steps_of_plain_operations_bit_for_bit(
    of_optimizer, of_clipping, of_regularization, monkeypatch
):
    # the root of MKL, which torch takes on a CPU, is off by a unit in the last place in one of five float32
    monkeypatch.setattr(optimizer, "sqrt", lambda x: x.double().sqrt().to(x.dtype))
    plain, compiled = both(of_optimizer, of_clipping, of_regularization)
    alive = torch.ones(MEMBERS, dtype=torch.bool)
    for step in range(STEPS):
        for descent in (plain, compiled):
            descent.take(gradients(step))
            each, before = descent.norms()
            assert each.shape == (len(PARAMETERS), MEMBERS)
            descent.clip(before)
            assert not descent.move(step, alive).any()
            descent.constrain(alive)
    assert torch.equal(plain.moved, compiled.moved)
    for one, other in zip(plain.moments, compiled.moments, strict=True):
        assert torch.equal(one, other)
    below = plain.below_eps(STEPS - 1), compiled.below_eps(STEPS - 1)
    if of_optimizer.has_eps:
        assert torch.equal(*below)
        assert below[0].shape == plain.moved.shape
    else:
        assert below == (None, None)


@pytest.mark.parametrize("side", [0, 1], ids=["plain", "compiled"])
def test_norms_and_factors_are_those_of_numpy_and_what_is_frozen_is_not_clipped_for(side):
    descent = both(optimizer.Sgd(), clipping.Threshold(max_norm=0.5), regularization.Penalty())[side]
    found = [gradient.numpy().astype(float) for gradient in gradients(3)]
    descent.take(gradients(3))
    each, before = descent.norms()
    expected = np.array([[np.linalg.norm(g[member]) for member in range(MEMBERS)] for g in found])
    np.testing.assert_allclose(each.numpy(), expected, rtol=1e-7)
    np.testing.assert_allclose(before.numpy(), np.sqrt((expected[1:] ** 2).sum(0)), rtol=1e-7)
    factor, known = descent.clip(before)
    after = descent.norms()[1]
    assert (known is None) == (side == 0)
    if known is not None:
        np.testing.assert_allclose(known.numpy(), after.numpy(), rtol=1e-14)
    np.testing.assert_allclose(factor.numpy(), 0.5 / (before.numpy() + 1e-6), rtol=1e-12)
    np.testing.assert_allclose(after.numpy(), 0.5, rtol=1e-5)
    frozen = descent.parameters["a"].clone()
    descent.move(0, torch.ones(MEMBERS, dtype=torch.bool))
    assert torch.equal(descent.parameters["a"], frozen)


@pytest.mark.parametrize("limit", [0.0, 5.0])
def test_who_is_not_clipped_keeps_its_norm_to_the_last_bit(limit):
    """Else it would be taken for one of whose entries some were cut: beside those that are, and where nobody is."""
    _, descent = both(optimizer.Sgd(), clipping.Threshold(max_value=4.0 + limit), regularization.Penalty())
    given = gradients(2)
    for gradient in given:
        gradient.clamp_(-4.0, 4.0)
        gradient[1] *= 2.0
    descent.take(given)
    before = descent.norms()[1]
    _, after = descent.clip(before)
    assert (after == before).tolist() == [True, limit > 0, True, True, True]


@pytest.mark.parametrize("side", [0, 1], ids=["plain", "compiled"])
def test_a_member_that_would_not_stay_finite_stays_and_its_tensor_is_named(side):
    descent = both(optimizer.Sgd(), clipping.Threshold(), regularization.Penalty())[side]
    start, steep = descent.moved.clone(), gradients(2)
    steep[2][3, 1, 1, 0] = torch.inf
    steep[3][4] = torch.nan
    descent.take(steep)
    bad = descent.move(0, torch.tensor([True, False, True, True, True]))
    expected = torch.zeros(3, MEMBERS, dtype=torch.bool)
    expected[1, 3] = expected[2, 4] = True
    assert torch.equal(bad, expected)
    moved = (descent.moved != start).any(1)
    assert moved.tolist() == [True, False, True, False, False]


@pytest.mark.parametrize(
    "of_optimizer", [optimizer.Adam(eps=0.0), optimizer.RmsProp(eps=0.0), optimizer.Adagrad(eps=0.0)]
)
def test_what_lies_between_two_tensors_keeps_nobody_from_moving_where_eps_is_zero(of_optimizer):
    _, descent = both(of_optimizer, clipping.Threshold(), regularization.Penalty())
    start = descent.moved.clone()
    descent.take(gradients(0))
    assert not descent.move(0, torch.ones(MEMBERS, dtype=torch.bool)).any()
    assert descent.moved.isfinite().all()
    assert all(
        (view != before).all()
        for view, before in zip(descent.trained.values(), descent.flat.views(start).values(), strict=True)
    )


@pytest.mark.parametrize("size", [1e-44, 1e-30, 1e-23, 1e20, 3e38])
def test_norms_of_rows_lose_nothing_at_the_ends_of_float32(size):
    values, each, together = np.full((2, 9), size, np.float32), np.empty((1, 2)), np.empty(2)
    rows.norms_of_rows(values, np.array([0]), np.array([9]), 1, each, together)
    np.testing.assert_allclose(each[0], 3 * float(np.float32(size)), rtol=1e-14)
    np.testing.assert_allclose(together, each[0], rtol=1e-14)


@pytest.mark.parametrize("length", [1, 7, 8, 33, 1000])
def test_whatever_is_not_finite_is_seen_wherever_it_stands(length):
    row = np.random.default_rng(0).normal(size=length).astype(np.float32)
    row[0] = np.finfo(np.float32).max
    assert rows.is_finite(row)
    for place in range(length):
        for number in (np.inf, -np.inf, np.nan):
            other = row.copy()
            other[place] = number
            assert not rows.is_finite(other), (place, number)


def test_every_tensor_of_every_member_begins_a_line_of_the_cache_and_comes_back_as_it_was():
    values = {p.name: torch.randn(MEMBERS, *p.shape) for p in PARAMETERS}
    flat = Flat(PARAMETERS)
    laid = flat.rows(values)
    assert flat.names == ("b", "c", "d", "a")
    assert all(start % CACHE_LINE == 0 for start in (*flat.starts, flat.length, flat.trained_length))
    assert laid.sum().item() == pytest.approx(sum(value.sum().item() for value in values.values()), abs=1e-4)
    for name, view in flat.views(laid).items():
        assert torch.equal(view, values[name])
    assert set(flat.views(laid[:, : flat.trained_length])) == {"b", "c", "d"}


def test_buffers_take_what_a_pass_changed_but_of_members_that_stay_finite_alone():
    values = {"mean": torch.zeros(3, 2), "power": torch.ones(3, 4)}
    buffers = Buffers([Parameter("mean", (2,), "own"), Parameter("power", (4,), "own")], values)
    new = torch.tensor([[1.0, 2.0], [torch.inf, 0.0], [3.0, 4.0]])
    bad = buffers.look_at({"mean": new}, 3)
    assert bad.tolist() == [[False, True, False], [False, False, False]]
    assert not buffers.views["mean"].any()
    buffers.settle(torch.tensor([True, False, False]))
    assert buffers.views["mean"].tolist() == [[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]]
    assert torch.equal(buffers.views["power"], values["power"])
