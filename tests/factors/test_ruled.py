"""Activations in machine code against PyTorch's own, in float64, however what enters lies in memory."""

import numpy as np
import pytest
import torch
from support.cohorts import cohort, parts
from support.images import Pictures

from gradstudy.factors import activation
from gradstudy.factors.model.cnn import Cnn
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.rnn import Rnn
from gradstudy.factors.model.ruled import ruled
from gradstudy.kernels.compiled import runs_compiled
from gradstudy.layer_parts import network_of
from gradstudy.network import Pass, Probe
from gradstudy.tasks.adding import Adding
from gradstudy.tasks.teacher import Teacher
from gradstudy.training.cohort import stack
from gradstudy.training.engine import train

pytestmark = pytest.mark.skipif(not runs_compiled(torch.zeros(1)), reason="Numba is not installed")

SLOPES = (0.0, 0.3, 1.7)
RULED = [
    activation.Identity(),
    activation.Sigmoid(),
    activation.Tanh(),
    activation.HardTanh(),
    activation.Relu(),
    stack([activation.LeakyRelu(slope) for slope in SLOPES], torch.device("cpu")),
]
ORDERS = {
    "as it is": lambda x: x,
    "samples last": lambda x: x.movedim(1, -1).contiguous().movedim(-1, 1),
    "members last": lambda x: x.movedim(0, -1).contiguous().movedim(-1, 0),
    "every other": lambda x: x.repeat_interleave(2, dim=2)[:, :, ::2],
    "one for all": lambda x: x[:, :1].expand(x.shape),
}


def drawn(shape=(3, 4, 5, 2)):
    """Numbers and what is sent back to them, with some at the ends of the range."""
    x, sent = torch.randn(2, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = 3 * x
    x[0, 0, :4, 0] = torch.tensor([0.0, 800.0, -800.0, 1e300], dtype=torch.float64)
    return x, sent


def back(function, x, sent):
    """What comes out, and what comes back."""
    x = x.detach().requires_grad_()
    y = function(x)
    return y.detach(), *torch.autograd.grad(y, x, sent)


@pytest.mark.parametrize("of_sent", ORDERS)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("phi", RULED, ids=lambda phi: type(phi).__name__)
def test_values_and_slopes_are_those_of_the_activation(phi, order, of_sent):
    x, sent = drawn()
    given = ORDERS[order](x), ORDERS[of_sent](sent)
    for ours, theirs in zip(back(lambda x: ruled(phi, x), *given), back(phi, *given), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("phi", RULED[:-1], ids=lambda phi: type(phi).__name__)
def test_what_is_no_number_stays_so_and_infinities_are_those_of_the_activation(phi):
    x = torch.tensor([[torch.nan, torch.inf, -torch.inf]], dtype=torch.float64)
    torch.testing.assert_close(ruled(phi, x), phi(x), rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("phi", RULED[:-1], ids=lambda phi: type(phi).__name__)
@pytest.mark.parametrize("order", ORDERS)
def test_a_member_has_the_same_bits_in_any_company(phi, order):
    x, sent = map(ORDERS[order], drawn())
    whole = back(lambda x: ruled(phi, x), x, sent)
    for one in range(3):
        alone = back(lambda x: ruled(phi, x), x[one : one + 1], sent[one : one + 1])
        assert all(torch.equal(found[0], all_[one]) for found, all_ in zip(alone, whole, strict=True))


@pytest.mark.parametrize("by_hand", [True, False])
def test_looks_take_it_where_nothing_more_is_asked_for(by_hand, monkeypatch):
    taken = []
    monkeypatch.setattr("gradstudy.factors.model.layers.ruled", lambda phi, x: taken.append(phi) or phi(x))
    task = Pictures()
    network = network_of(parts(model=Cnn(width=4, depth=3), task=task))
    values = {p.name: torch.zeros(2, *p.shape, dtype=torch.float64) for p in network.parameters}
    run = Pass(values, training=True, probe=Probe(by_hand=by_hand))
    network(run, torch.zeros(2, 3, *task.shape.inputs, dtype=torch.float64))
    assert len(taken) == 3 * by_hand


class Capped(activation.Relu):
    def __call__(self, x):
        return x.clamp(0.0, 0.1)


class Renamed(activation.Relu):
    """The same function."""


MODELS = {
    "mlp": (Mlp(depth=2, width=3), Teacher()),
    "cnn": (Cnn(depth=2, width=3), Pictures()),
    "rnn": (Rnn(width=3), Adding(length=8)),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_rule_is_that_of_the_function_beside_it_and_of_no_other_made_from_it(name):
    assert Renamed().rule == activation.Relu().rule
    assert Capped().rule is None
    model, task = MODELS[name]
    (record,) = train(cohort(parts(model=model, task=task, activation=Capped()), seeds=1, steps=1))
    trained, looked_at = (record.series[quantity].values[0] for quantity in ("signal", "signal_float64"))
    np.testing.assert_allclose(looked_at, trained, rtol=1e-4, atol=1e-9)
