"""L-BFGS: torch.optim.LBFGS itself through the engine, one member at a time, and an outcome where it breaks down."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from support.cohorts import cohort, parts
from support.twins import Perceptron
from torch import nn

from gradstudy.factors import activation, clipping, init, lr, regularization
from gradstudy.factors.lbfgs import Lbfgs
from gradstudy.factors.model.mlp import Mlp
from gradstudy.records import Member
from gradstudy.tasks.adding import Adding
from gradstudy.training.cohort import plan
from gradstudy.training.engine import train
from gradstudy.training.start.streams import numpy_stream

DECAY = 0.01
SMALL = {"model": Mlp(width=6, depth=2), "init": init.Default(), "task": Adding(length=8, batch_size=64)}


def train_plainly(twin, trial, steps):
    part, stream, losses = trial["optimizer"], numpy_stream(0, 0, "data"), []
    search = "strong_wolfe" if part.line_search else None
    optimizer = torch.optim.LBFGS(
        twin.parameters(), trial["lr"].value, part.max_iter, history_size=part.history, line_search_fn=search
    )
    for _ in range(steps):
        inputs, targets = (torch.from_numpy(array) for array in trial["task"].batch(stream))

        def closure(inputs=inputs, targets=targets):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(twin(inputs), targets)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(twin.parameters(), trial["clipping"].max_norm)
            for parameter in twin.parameters():
                parameter.grad += DECAY * parameter.detach()
            return loss

        losses.append(optimizer.step(closure).item())
    return losses


@pytest.mark.parametrize("line_search", [False, True])
def test_steps_equal_those_of_plain_torch_with_clipping_and_decay_in_every_evaluation(line_search):
    trial = parts(
        **SMALL,
        optimizer=Lbfgs(max_iter=4, history=3, line_search=line_search),
        lr=lr.Constant(0.5),
        clipping=clipping.Threshold(max_norm=0.3),
        regularization=regularization.Penalty(DECAY),
    )
    whole = cohort(trial, seeds=1, steps=4, dtype="float64", keep_weights=True)
    (start,), (record,) = train(replace(whole, steps=0)), train(whole)
    twin = Perceptron(16, 6, 6, 1).double()
    twin.load_state_dict({name: torch.from_numpy(value) for name, value in start.weights.items()})
    losses = train_plainly(twin, trial, whole.steps)
    np.testing.assert_allclose(record.series["loss"].values[:, 0], losses, rtol=1e-9)
    assert losses[-1] < losses[0]
    for ours, theirs in zip(record.weights.values(), twin.parameters(), strict=True):
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-8, atol=1e-10)


def test_a_line_search_learns_in_few_steps_what_gradient_descent_does_not():
    common = parts(**SMALL)
    (ours,) = train(cohort(common | {"optimizer": Lbfgs(line_search=True), "lr": lr.Constant(1.0)}, seeds=1, steps=5))
    (descent,) = train(cohort(common, seeds=1, steps=5))
    assert ours.series["held_out_loss"].values[-1, 0] < 0.5 * descent.series["held_out_loss"].values[-1, 0]


def test_members_are_planned_alone():
    trials = {trial: parts(**SMALL, optimizer=Lbfgs(), lr=lr.Constant(0.1 + trial)) for trial in range(3)}
    members = [Member(trial, seed) for trial in trials for seed in range(2)]
    assert sorted(plan(members, trials, lambda _: 64), key=repr) == [(member,) for member in members]


def test_a_cohort_of_several_members_is_refused():
    with pytest.raises(ValueError, match="one member at a time, got a cohort of 2"):
        train(cohort(parts(**SMALL, optimizer=Lbfgs()), seeds=2))


@pytest.mark.parametrize("line_search", [False, True])
@pytest.mark.parametrize("rate", [0.0, 1.0, 1e6, 1e30])
@pytest.mark.parametrize("gain", [0.0, 1.0, 3.0, 1e20])
@pytest.mark.filterwarnings("error")
def test_whatever_breaks_down_is_a_result_and_no_exception(gain, rate, line_search):
    trial = parts(
        **SMALL | {"model": Mlp(width=6, depth=4), "init": init.Orthogonal(gain=gain)},
        activation=activation.Relu(),
        optimizer=Lbfgs(max_iter=5, line_search=line_search),
        lr=lr.Constant(rate),
    )
    (record,) = train(cohort(trial, seeds=1, steps=4, keep_weights=True))
    assert all(np.isfinite(weights).all() for weights in record.weights.values())
    if rate == 0.0:
        (start,) = train(cohort(trial, seeds=1, steps=0, keep_weights=True))
        assert all(np.array_equal(weights, start.weights[name]) for name, weights in record.weights.items())


def parabola(values):
    return (values[0] ** 2).sum(1), [2 * values[0]]


def test_a_search_that_divides_by_zero_leaves_the_weights_and_starts_anew():
    part, weights, calls, state = Lbfgs(line_search=True), [torch.ones(1, 3)], [], []

    def breaks_down(values):
        calls.append(values)
        raise ZeroDivisionError

    (kept,) = part.search(weights, state, torch.ones(1), breaks_down)
    assert torch.equal(kept, weights[0])
    assert calls
    (moved,) = part.search(weights, state, torch.ones(1), parabola)
    assert moved.abs().max() < 1e-6


def test_a_step_starts_from_the_weights_that_it_is_given_and_not_where_the_last_one_ended():
    part, seen, state = Lbfgs(max_iter=2), [], []

    def watched(values):
        seen.append(values[0].clone())
        return parabola(values)

    for start in (torch.ones(1, 3), torch.full((1, 3), 5.0)):
        seen.clear()
        part.search([start], state, torch.ones(1), watched)
        assert torch.equal(seen[0], start)
