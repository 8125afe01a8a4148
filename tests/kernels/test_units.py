"""Flat units by the values of their nonlinearity, against autograd."""

import pytest
import torch

from gradstudy.factors import activation
from gradstudy.kernels.compiled import runs_compiled
from gradstudy.training.instrument import inspection

pytestmark = pytest.mark.skipif(not runs_compiled(torch.zeros(1)), reason="Numba is not installed")

RULED = [
    activation.Tanh(),
    activation.Relu(),
    activation.Identity(),
    activation.Sigmoid(),
    activation.LeakyRelu(0.1),
    activation.LeakyRelu(0.0),
    activation.HardTanh(),
]
SHAPES = [(3, 7, 5), (3, 4, 5, 3, 2)]
"""Of a layer, and of images."""
ORDERS = {"samples first": lambda x: x, "samples last": lambda x: x.movedim(1, -1).contiguous().movedim(-1, 1)}
"""As they lie in memory."""


@pytest.mark.parametrize("shape", SHAPES, ids=["layer", "images"])
@pytest.mark.parametrize("phi", RULED, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("order", ORDERS)
def test_dead_and_saturated_units_are_those_that_autograd_finds(phi, shape, order):
    random = torch.Generator().manual_seed(0)
    applications = []
    for _ in range(2):
        x = 3 * torch.randn(*shape, generator=random, dtype=torch.float64)
        x[:, :, 1], x[0, :, 2] = -100.0, 50.0
        x = ORDERS[order](x).requires_grad_()
        applications.append((phi, x, phi(x)))
    rule, coefficient = phi.rule
    coefficients = torch.as_tensor(coefficient, dtype=torch.float64).expand(3).contiguous()
    steepest = inspection.slope_at_zero(phi, 3) if phi.saturates else torch.ones(3, dtype=torch.float64)
    values = [inspection.as_applied(y) for _, _, y in applications]
    limits = inspection.SATURATED_SLOPE * steepest
    (dead,), (flat,) = inspection.flat_units(rule, coefficients, [values], limits)
    slopes = inspection.slopes(applications)
    torch.testing.assert_close(dead, inspection.dead_units(slopes), rtol=0, atol=0)
    if phi.saturates:
        torch.testing.assert_close(flat, inspection.saturated_units(slopes, steepest), rtol=0, atol=0)
        torch.testing.assert_close(steepest, inspection.steepest(applications), rtol=0, atol=0)
