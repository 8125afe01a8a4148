"""Dropout: the share and scale of its masks, each member's own, nothing beside training, bit-for-bit parity."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from support.cohorts import CELLS, cohort, parts
from support.parity import assert_parity, assert_same_member
from support.twins import SEED, assert_equals_twin
from torch import nn

from gradstudy.factors import init, lr, optimizer, residual
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.rnn import Rnn
from gradstudy.factors.regularization import Dropout, Penalty
from gradstudy.network import Pass
from gradstudy.training.cohort import stack
from gradstudy.training.engine import train
from gradstudy.training.start.streams import Draws

CPU = torch.device("cpu")


def local(seeds=(0, 1), step=0, *, training=True, draws=True):
    """What a layer sees of one training pass of these members."""
    streams = Draws([(0, 0, seed) for seed in seeds], "dropout", CPU)

    def uniform(place, shape):
        return streams.uniform(place, shape, step, torch.float32)

    return Pass({}, training=training, uniform=uniform if draws else None).at("layer_01")


def dropout(*shares, variational=False):
    return stack([Dropout(dropout=share, variational=variational) for share in shares], CPU)


def test_each_member_keeps_its_own_share_of_units_and_scales_them_by_its_inverse():
    shares = (0.1, 0.5, 0.9)
    dropped = dropout(*shares).drop(local((0, 1, 2)))(torch.ones(3, 200, 100))
    for member, share in enumerate(shares):
        kept = dropped[member] != 0
        assert kept.double().mean().item() == pytest.approx(1 - share, abs=5 * (share * (1 - share) / 20_000) ** 0.5)
        assert torch.allclose(dropped[member][kept], torch.tensor(1 / (1 - share)))


def test_a_share_of_zero_is_the_identity_bit_for_bit():
    x = torch.randn(2, 6, 5, 4)
    for variational in (False, True):
        part = dropout(0.0, 0.0, variational=variational)
        assert torch.equal(part.drop(local())(x), x)
        assert torch.equal(part.drop_sequence(local())(x), x)
        assert torch.equal(part.drop_state(local())(x[:, 0]), x[:, 0])


def test_a_dropped_unit_is_zero_even_where_it_was_infinite_and_so_is_its_gradient():
    x = torch.full((1, 50, 4), torch.inf).requires_grad_()
    dropped = dropout(0.5).drop(local((0,)))(x)
    (gradient,) = torch.autograd.grad(dropped.sum(), x)
    assert set(dropped.flatten().tolist()) == {0.0, torch.inf}
    assert set(gradient.flatten().tolist()) == {0.0, 2.0}


@pytest.mark.parametrize("settings", [{"training": False}, {"draws": False}])
def test_nothing_is_dropped_beside_training_or_without_draws(settings):
    x = torch.randn(2, 3, 4, 5)
    part = dropout(0.5, 0.5, variational=True)
    for drop in (part.drop, part.drop_sequence, part.drop_state):
        assert torch.equal(drop(local(**settings))(x), x)


def test_a_sequence_gets_a_fresh_mask_in_every_time_step_unless_variational():
    x = torch.ones(2, 7, 30, 20)
    fresh = dropout(0.5, 0.5).drop_sequence(local())(x)
    shared = dropout(0.5, 0.5, variational=True).drop_sequence(local())(x)
    for one, two in pairwise(range(7)):
        assert not torch.equal(fresh[:, one], fresh[:, two])
        assert torch.equal(shared[:, one], shared[:, two])


def test_only_variational_dropout_drops_the_state_and_by_one_mask_that_is_not_the_sequences():
    state = torch.ones(2, 30, 20)
    part = dropout(0.5, 0.5, variational=True)
    drop = part.drop_state(local())
    assert torch.equal(drop(state), drop(state))
    assert 0 in drop(state)
    assert not torch.equal(drop(state), part.drop_sequence(local())(state.unsqueeze(1))[:, 0])
    assert torch.equal(dropout(0.5, 0.5).drop_state(local())(state), state)


def test_a_mask_belongs_to_a_stream_and_a_step():
    x, part = torch.ones(3, 30, 20), dropout(0.5, 0.5, 0.5)
    first = part.drop(local((0, 1, 0)))(x)
    assert torch.equal(first[0], first[2])
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first, part.drop(local((0, 1, 0), step=1))(x))


class Twin(nn.Module):
    """A plain module whose masks come from the same numbers; `forward` counts the training steps."""

    def __init__(self, share):
        super().__init__()
        self.share, self.step, self.draws = share, -1, Draws([(0, 1, SEED)], "dropout", CPU)

    def dropped(self, x, place, shape=None):
        if not self.training:
            return x
        numbers = self.draws.uniform(place, (1, *(shape or x.shape)), self.step, torch.float64)[0]
        return x * (numbers >= self.share) / (1 - self.share)


class MlpTwin(Twin):
    def __init__(self, share):
        super().__init__(share)
        self.layer_01, self.layer_02, self.readout = nn.Linear(16, 5), nn.Linear(5, 5), nn.Linear(5, 1)

    def forward(self, x):
        self.step += self.training
        x = self.dropped(torch.tanh(self.layer_01(x.flatten(1))), "layer_01.dropout")
        return self.readout(self.dropped(torch.tanh(self.layer_02(x)), "layer_02.dropout"))


class RnnTwin(Twin):
    def __init__(self, share, variational, joined=False):
        super().__init__(share)
        self.variational, self.joined = variational, joined
        self.recurrent, self.readout = nn.RNN(2, 5, 2), nn.Linear(5, 1)

    def forward(self, x):
        self.step += self.training
        x = x.transpose(0, 1)  # [time, batch, feature]
        x = self.layer(self.layer(x, 0), 1)
        return self.readout(x[-1])

    def layer(self, x, index):
        weight_ih, weight_hh, bias_ih, bias_hh = self.recurrent.all_weights[index]
        place, batch = f"recurrent.l{index}", x.shape[1]
        state, states = torch.zeros(batch, 5, dtype=torch.float64), []
        for one in x:
            entering = self.dropped(state, f"{place}.state_dropout") if self.variational else state
            state = torch.tanh(one @ weight_ih.T + bias_ih + entering @ weight_hh.T + bias_hh)
            states.append(state)
        whole = torch.stack(states[-1:] if index else states)  # of the last layer only the last step is handed on
        time = 1 if self.variational else len(whole)
        branch = self.dropped(whole, f"{place}.dropout", (time, batch, 5))
        return x[-1:] + branch if index and self.joined else branch


def test_a_perceptron_with_dropout_equals_a_plain_module_with_the_same_masks():
    trial = parts(model=Mlp(width=5, depth=2), init=init.Default(), regularization=Dropout(dropout=0.3))
    assert_equals_twin(lambda: MlpTwin(0.3), trial)


@pytest.mark.parametrize("variational", [False, True])
def test_a_recurrent_network_with_dropout_equals_a_plain_module_with_the_same_masks(variational):
    part = Dropout(dropout=0.3, variational=variational)
    trial = parts(model=Rnn(width=5, depth=2), init=init.Default(), regularization=part)
    assert_equals_twin(lambda: RnnTwin(0.3, variational), trial)


def test_dropout_between_joined_layers_leaves_the_stream_alone():
    trial = parts(
        model=Rnn(width=5, depth=2),
        init=init.Default(),
        regularization=Dropout(dropout=0.3),
        residual=residual.Scaled(),
    )
    assert_equals_twin(lambda: RnnTwin(0.3, False, joined=True), trial)


FAMILIES = [
    (Mlp(width=7, depth=3), False),
    *((cell(width=7, depth=2), v) for cell in CELLS.values() for v in (False, True)),
]


@pytest.mark.parametrize(("model", "variational"), FAMILIES)
def test_members_with_dropout_are_the_same_alone_in_a_subset_and_permuted(model, variational):
    common = parts(model=model, optimizer=optimizer.Adam())
    trials = [common | {"regularization": Dropout(dropout=p, variational=variational)} for p in (0.0, 0.3, 0.8)]
    diverging = trials[1] | {"init": init.Normal(std=1e20), "lr": lr.Constant(1e30)}
    whole = cohort(*trials, diverging, steps=10, keep_weights=True)
    assert_parity(whole, [0], [5], [3, 1], [7, 6, 5, 4, 3, 2, 1, 0])


@pytest.mark.parametrize(("variational", "dtype"), [(False, "float32"), (False, "float64"), (True, "float64")])
def test_a_share_of_zero_trains_bit_for_bit_as_no_dropout_at_all(variational, dtype):
    # variational dropout keeps a recurrent layer from being one call of machine code, which rounds otherwise: training
    # in float32, and looks unless more is asked for
    same = {"keep_weights": True, "dtype": dtype, "record": ("sample_correlation",)}
    without = train(cohort(parts(regularization=Penalty()), **same))
    part = Dropout(dropout=0.0, variational=variational)
    with_none = train(cohort(parts(regularization=part), **same))
    for ours, theirs in zip(with_none, without, strict=True):
        assert_same_member(ours, theirs)


def test_the_held_out_loss_before_training_knows_no_dropout_and_the_training_loss_does():
    def losses(share):
        (record,) = train(cohort(parts(regularization=Dropout(dropout=share)), seeds=1, steps=1))
        return [record.series[name].values[0, 0] for name in ("held_out_loss", "loss")]

    assert losses(0.0)[0] == losses(0.8)[0]
    assert losses(0.0)[1] != losses(0.8)[1]
    assert np.isfinite(losses(0.8)).all()
