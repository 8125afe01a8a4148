"""Optimizers: facts that algebra gives; equality with torch.optim is in the parity tests."""

import pytest
import torch

from gradstudy.factors.optimizer import Adam, RmsProp, Sgd
from gradstudy.training.stacking import stack


def step(optimizers, gradient, rates):
    optimizer, parameter = stack(optimizers, "cpu"), torch.zeros_like(gradient)
    (state,) = optimizer.start([parameter])
    return optimizer.step(parameter, gradient, state, torch.tensor(rates, dtype=torch.float64), 1)


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


@pytest.mark.parametrize("settings", [{"momentum": 1.0}, {"momentum": -0.1}, {"nesterov": 1}, {"momentum": "much"}])
def test_coefficients_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="must be"):
        Sgd(**settings)


def test_betas_are_two_numbers_below_one():
    with pytest.raises(ValueError, match="below 1"):
        Adam(betas=[0.9, 1.0])
    with pytest.raises(ValueError, match="list of 2 numbers"):
        Adam(betas=[0.9])
