"""Optimizers: facts that algebra gives, and torch.optim where it has them; others are in the parity tests."""

import pytest
import torch

from gradstudy.factors.optimizer import Adagrad, Adam, AdamW, Lion, RmsProp, Sgd
from gradstudy.training.cohort import stack


def walk(optimizers, parameter, gradients, rates):
    """The stacked parameter [member, entry] after a step with each of these gradients."""
    optimizer, members = stack(optimizers, "cpu"), len(optimizers)
    count = torch.arange(1, len(gradients) + 1, dtype=torch.float64)
    lr = torch.tensor(rates, dtype=torch.float64).expand(len(gradients), members)
    given = [torch.as_tensor(one).expand(lr.shape) for one in optimizer.coefficients(lr, count)]
    flat, moments = parameter.flatten(1), optimizer.start(parameter.flatten(1))
    for step, gradient in enumerate(gradients):
        coefficients = [one[step].unsqueeze(1).to(flat.dtype) for one in given]
        flat, *moments = optimizer.rule(flat, gradient.flatten(1), *moments, *coefficients)
    return flat.view_as(parameter)


def step(optimizers, gradient, rates):
    return walk(optimizers, torch.zeros_like(gradient), [gradient], rates)


@pytest.mark.parametrize(
    ("size", "expected"), [(1, 1.0), (1e-4, 0.9999), (1e-8, 0.5), (1e-10, 0.009901), (1e-12, 0.0001)]
)
def test_adam_hides_a_vanishing_gradient_until_eps(size, expected):
    """Ground truth G50: the first step is lr * g / (|g| + eps)."""
    moved = -step([Adam()], torch.full((1, 3), size, dtype=torch.float64), [1.0])
    torch.testing.assert_close(moved, torch.full_like(moved, expected), rtol=1e-3, atol=0)


def test_each_member_takes_its_own_rate_and_momentum():
    gradient = torch.ones(2, 3, dtype=torch.float64)
    moved = -step([Sgd(momentum=0.9), Sgd()], gradient, [0.1, 0.2])
    assert moved[:, 0].tolist() == [0.1, 0.2]


def test_nesterov_looks_ahead_by_its_momentum():
    moved = -step([Sgd(momentum=0.5, nesterov=True)], torch.ones(1, 1, dtype=torch.float64), [1.0])
    assert moved.item() == 1.5


def test_rmsprop_divides_by_the_root_of_its_running_square():
    moved = -step([RmsProp(alpha=0.75, eps=0.0)], torch.full((1, 1), 4.0, dtype=torch.float64), [1.0])
    assert moved.item() == 4.0 / (0.25 * 16) ** 0.5


@pytest.mark.parametrize("part", [Adagrad(), Adagrad(eps=0.1, initial_accumulator=0.5)])
def test_adagrad_equals_torchs_for_every_member(part):
    start, gradients = torch.randn(3, 2, 4, dtype=torch.float64), torch.randn(5, 3, 2, 4, dtype=torch.float64)
    neighbour, rates = Adagrad(eps=1.0, initial_accumulator=2.0), [0.1, 0.3, 0.2]
    ours = walk([part, neighbour, part], start, gradients, rates)
    for member in (0, 2):
        alone = start[member].clone().requires_grad_()
        torchs = torch.optim.Adagrad(
            [alone], rates[member], eps=part.eps, initial_accumulator_value=part.initial_accumulator
        )
        for gradient in gradients[:, member]:
            alone.grad = gradient.clone()
            torchs.step()
        torch.testing.assert_close(ours[member], alone.detach(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kind", [Adam, AdamW])
def test_each_member_takes_its_own_betas_as_torchs_does(kind):
    start, gradients = torch.randn(3, 4, dtype=torch.float64), torch.randn(6, 3, 4, dtype=torch.float64)
    parts = [kind(beta1=beta1, beta2=beta2) for beta1, beta2 in ((0.9, 0.999), (0.0, 0.5), (0.99, 0.9))]
    ours = walk(parts, start, gradients, [0.1, 0.2, 0.3])
    for member, part in enumerate(parts):
        alone = start[member].clone().requires_grad_()
        decay = {"weight_decay": part.weight_decay} if kind is AdamW else {}
        torchs = getattr(torch.optim, kind.__name__)([alone], 0.1 * (1 + member), (part.beta1, part.beta2), **decay)
        for gradient in gradients[:, member]:
            alone.grad = gradient.clone()
            torchs.step()
        torch.testing.assert_close(ours[member], alone.detach(), rtol=1e-12, atol=1e-14)


def lion_of_the_paper(weight, gradients, rate, part):
    """Where one weight ends by algorithm 2 of Chen et al. 2023."""
    beta1, beta2, momentum = part.beta1, part.beta2, 0.0
    for gradient in gradients:
        direction = beta1 * momentum + (1 - beta1) * gradient
        weight -= rate * ((direction > 0) - (direction < 0) + part.weight_decay * weight)
        momentum = beta2 * momentum + (1 - beta2) * gradient
    return weight


def test_lion_equals_its_algorithm_entry_by_entry():
    parts, rates = [Lion(), Lion(beta1=0.5, beta2=0.8, weight_decay=0.3)], [0.1, 0.02]
    start, gradients = torch.randn(2, 6, dtype=torch.float64), torch.randn(7, 2, 6, dtype=torch.float64)
    gradients[:, :, 0] = 0
    ours = walk(parts, start, gradients, rates)
    for member, part in enumerate(parts):
        for place, weight in enumerate(start[member].tolist()):
            expected = lion_of_the_paper(weight, gradients[:, member, place].tolist(), rates[member], part)
            assert ours[member, place].item() == pytest.approx(expected, rel=1e-12)


def test_lion_hides_a_vanishing_gradient_down_to_the_smallest_number():
    moved = step([Lion()], torch.tensor([[1e-300, -1e300, 0.0]], dtype=torch.float64), [0.5])
    assert moved.tolist() == [[-0.5, 0.5, 0.0]]


@pytest.mark.parametrize("part", [Adam(), AdamW(), Adagrad(), Lion(), RmsProp(), Sgd(momentum=0.9)])
def test_the_first_steps_of_a_member_round_alike_alone_and_among_64_others(part):
    start, gradients = torch.randn(65, 32, dtype=torch.float64), torch.randn(17, 65, 32, dtype=torch.float64)
    betas = [{"beta1": 0.8 + m / 1000, "beta2": 0.9 + m / 1000} for m in range(65)]
    parts = [type(part)(**both) if hasattr(part, "beta1") else part for both in betas]
    rates = [0.1 + m / 100 for m in range(65)]
    together = walk(parts, start, gradients, rates)
    for m in range(65):
        assert torch.equal(walk([parts[m]], start[m : m + 1], gradients[:, m : m + 1], [rates[m]])[0], together[m])
