"""Convolutions in machine code are those of PyTorch in float64, on images of every odd size."""

import pytest
import torch
import torch.nn.functional as F

from gradstudy.factors.model.convolution import Convolved, Window

SHAPES = {
    "usual": (3, 32, 8, 8, 8, 8, 3, "zeros"),
    "odd": (2, 5, 3, 6, 7, 10, 5, "circular"),
    "one of all": (1, 1, 1, 3, 3, 1, 1, "zeros"),
    "narrow": (2, 7, 2, 4, 5, 6, 3, "circular"),
    "a pixel": (2, 3, 2, 1, 1, 5, 3, "zeros"),
}


@pytest.mark.parametrize("sizes", SHAPES.values(), ids=SHAPES)
def test_values_and_gradients_are_those_of_torch_in_float64(sizes):
    members, samples, channels, height, width, outputs, kernel, padding = sizes
    images = torch.randn(members, samples, channels, height, width, requires_grad=True)
    weight = torch.randn(members, outputs, channels, kernel, kernel, requires_grad=True)
    bias = torch.randn(members, outputs, requires_grad=True)
    sent_back = torch.randn(members, samples, outputs, height, width)
    made = Convolved.apply(images, weight, bias, Window(kernel, padding))
    found = [made, *torch.autograd.grad(made, [images, weight, bias], sent_back)]

    wide = [one.detach().double().requires_grad_() for one in (images, weight, bias)]
    mode = {"zeros": "constant", "circular": "circular"}[padding]
    true = torch.stack(
        [
            F.conv2d(F.pad(x, (kernel // 2,) * 4, mode=mode) if kernel > 1 else x, w, b)
            for x, w, b in zip(*wide, strict=True)
        ]
    )
    for one, other in zip(found, [true, *torch.autograd.grad(true, wide, sent_back.double())], strict=True):
        assert (one - other).abs().max() < 2e-6 * other.abs().max()
