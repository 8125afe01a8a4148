"""The cross-entropy in machine code: value and slope are those of PyTorch in float64."""

import math

import pytest
import torch

from gradstudy.tasks.task import cross_entropy


@pytest.mark.parametrize("shape", [(3, 5, 10), (2, 4, 7, 3), (1, 1, 2)])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 60.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_value_and_slope_of_each_member_are_those_of_pytorch(shape, scale, dtype):
    # a slope near 0 is a difference of two numbers near 1
    within = {"rtol": 1e-6, "atol": 1e-37} if dtype == torch.float32 else {"rtol": 1e-13, "atol": 1e-16}
    output = (scale * torch.randn(shape, dtype=dtype)).requires_grad_()
    target = torch.randint(shape[-1], shape[:-1])
    ours = cross_entropy(output, target)
    (slope,) = torch.autograd.grad((ours * torch.arange(1, len(ours) + 1)).sum(), output)
    for member in range(len(output)):
        wide = output[member].detach().double().requires_grad_()
        theirs = torch.nn.functional.cross_entropy(wide.flatten(0, -2), target[member].flatten())
        (expected,) = torch.autograd.grad(theirs * (member + 1), wide)
        torch.testing.assert_close(ours[member], theirs.to(dtype), **within)
        torch.testing.assert_close(slope[member], expected.to(dtype), **within)


@pytest.mark.parametrize("number", [torch.inf, torch.nan])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_is_not_finite_makes_its_own_member_nan_alone(number, dtype):
    output, target = torch.randn(3, 4, 5, dtype=dtype), torch.zeros(3, 4, dtype=torch.int64)
    output[1, 2, 3] = number
    output.requires_grad_()
    losses = cross_entropy(output, target)
    assert losses.isfinite().tolist() == [True, False, True]
    (slope,) = torch.autograd.grad(losses.sum(), output)
    assert slope.isfinite().flatten(1).all(1).tolist() == [True, False, True]


def test_a_slope_is_there_down_to_the_end_of_float32():
    output = torch.tensor([[[0.0, -80.0, -86.9, -87.1, -90.0, -100.0, -104.0]]]).requires_grad_()
    target = torch.tensor([[1]])
    (slope,) = torch.autograd.grad(cross_entropy(output, target).sum(), output)
    wide = output[0].detach().double().requires_grad_()
    (expected,) = torch.autograd.grad(torch.nn.functional.cross_entropy(wide, target[0]), wide)
    torch.testing.assert_close(slope[0].double(), expected, rtol=1e-6, atol=1e-45)
    assert (slope[0, 0, [2, 3, 4, 5]] > 0).all()


def test_a_slope_is_there_down_to_the_end_of_float64():
    numbers = [0.0, -80.0, -700.0, -707.9, -708.1, -720.0, -740.0, -746.0]
    output = torch.tensor([[numbers]], dtype=torch.float64).requires_grad_()
    (slope,) = torch.autograd.grad(cross_entropy(output, torch.tensor([[1]])).sum(), output)
    expected = [math.exp(number) / (1 + math.exp(-80.0)) for number in numbers]
    expected[1] -= 1
    expected = torch.tensor(expected, dtype=torch.float64)
    # a number near -708 is rounded by 708 half units in the last place of 1, and so is what it is the exponent of
    torch.testing.assert_close(slope[0, 0], expected, rtol=708 * 2**-52, atol=5e-324)
    assert (slope[0, 0, 2:7] > 0).all()
