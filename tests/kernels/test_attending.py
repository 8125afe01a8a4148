"""Attention in machine code is torch.nn.functional.scaled_dot_product_attention in float64."""

import pytest
import torch
import torch.nn.functional as F

from gradstudy.factors.model.attention import Attended


@pytest.mark.parametrize(
    ("samples", "length", "heads", "head"), [(32, 8, 4, 4), (5, 7, 3, 5), (1, 1, 2, 1), (9, 20, 1, 3)]
)
def test_values_and_gradients_are_those_of_torch_in_float64(samples, length, heads, head):
    width = heads * head
    projected = torch.randn(2, samples * length, 3 * width, requires_grad=True)
    sent_back = torch.randn(2, samples * length, width)
    mixed = Attended.apply(projected, heads, length)
    (found,) = torch.autograd.grad(mixed, projected, sent_back)

    wide = projected.detach().double().requires_grad_()
    parts = wide.view(2, samples, length, 3, heads, head).permute(3, 0, 1, 4, 2, 5)
    true = F.scaled_dot_product_attention(*parts).transpose(2, 3).reshape(mixed.shape)
    (gradient,) = torch.autograd.grad(true, wide, sent_back.double())
    assert (mixed - true).abs().max() < 2e-6 * true.abs().max()
    assert (found - gradient).abs().max() < 2e-6 * gradient.abs().max().clamp(min=1e-6)


def test_a_weight_of_nothing_and_a_score_that_overflows_are_those_of_softmax():
    projected = torch.zeros(2, 2, 3)
    projected[:, :, 1] = torch.tensor([0.0, 500.0])
    projected[:, :, 0], projected[:, :, 2] = 1.0, torch.tensor([3.0, 7.0])
    projected[1, 0, 0] = torch.nan
    mixed = Attended.apply(projected, 1, 2)[..., 0]
    assert mixed[0].tolist() == [7.0, 7.0]
    assert mixed[1].isnan().tolist() == [True, False]
