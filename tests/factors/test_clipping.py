"""Clipping: equal to torch's for one member, and each member by its own threshold."""

import pytest
import torch

from gradstudy.factors.clipping import Adaptive, Threshold
from gradstudy.training.cohort import stack
from gradstudy.training.instrument.norms import norms


def clip(thresholds, gradients):
    gradients = [gradient.double() for gradient in gradients]
    norm = torch.linalg.vector_norm(norms(gradients), dim=0)
    return stack(thresholds, "cpu").clip(gradients, gradients, norm)


@pytest.mark.parametrize(("norm", "after"), [(0.5, 0.5), (1.0, 0.999999), (7.0, 1.0), (1e6, 1.0)])
def test_clipping_by_norm_gives_the_figures_of_ground_truth_g47(norm, after):
    direction = torch.tensor([[3.0, 4.0]]) / 5
    (clipped,), factor = clip([Threshold(max_norm=1.0)], [direction * norm])
    assert clipped.norm().item() == pytest.approx(after, rel=1e-6)
    assert torch.nn.functional.cosine_similarity(clipped, direction.double()).item() == pytest.approx(1.0)
    assert (factor < 1).item() == (norm > 1 - 1e-6)


def test_clipping_by_value_clamps_entries_and_turns_the_gradient():
    gradient = torch.tensor([[10.0, 0.1]])
    (clipped,), _ = clip([Threshold(max_value=1.0)], [gradient])
    assert torch.equal(clipped, torch.tensor([[1.0, 0.1]]).double())
    assert torch.nn.functional.cosine_similarity(clipped, gradient.double()).item() == pytest.approx(0.9960, abs=1e-4)


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_members_are_clipped_as_torch_would_clip_each_alone(scale):
    tensors = [torch.randn(3, 4, 5) * scale, torch.randn(3, 5) * scale]
    clipped, _ = clip([Threshold(max_norm=1.0), Threshold(max_value=0.3), Threshold()], tensors)
    for member, torch_clip in enumerate(
        (
            lambda p: torch.nn.utils.clip_grad_norm_(p, 1.0),
            lambda p: torch.nn.utils.clip_grad_value_(p, 0.3),
            lambda p: None,
        )
    ):
        alone = [torch.zeros_like(tensor[member], dtype=torch.float64).requires_grad_() for tensor in tensors]
        for parameter, tensor in zip(alone, tensors, strict=True):
            parameter.grad = tensor[member].double()
        torch_clip(alone)
        for parameter, ours in zip(alone, clipped, strict=True):
            torch.testing.assert_close(ours[member], parameter.grad, rtol=1e-12, atol=0)


def test_a_gradient_near_the_end_of_float32_is_clipped_and_not_lost():
    """clip_grad_norm_ in float32 sees norm inf, scales by 0, and turns an explosion into a vanished gradient."""
    gradient = torch.full((1, 4), 2e38, dtype=torch.float32)
    norm = torch.linalg.vector_norm(norms([gradient]), dim=0)
    (clipped,), _ = stack([Threshold(max_norm=1.0)], "cpu").clip([gradient], [gradient], norm)
    assert clipped.norm().item() == pytest.approx(1.0, rel=1e-6)


def adaptive_of_one_member(gradient, weights, part):
    """Brock et al. 2021, equation 3, unit by unit."""
    if weights.dim() < 2:
        limit = part.clipping * max(weights.norm().item(), part.eps)
        return gradient * min(1.0, limit / gradient.norm().item())
    units = zip(gradient, weights, strict=True)
    flat = [adaptive_of_one_member(g.flatten(), w.flatten(), part) for g, w in units]
    return torch.stack(flat).view_as(gradient)


@pytest.mark.parametrize("shape", [(4, 5), (4,), (), (3, 2, 3, 3)])
def test_adaptive_clipping_equals_the_paper_unit_by_unit_for_every_member(shape):
    parts = [Adaptive(), Adaptive(clipping=0.5, eps=2.0), Adaptive(clipping=100.0)]
    gradient, weights = torch.randn(2, 3, *shape, dtype=torch.float64)
    weights.view(3, -1)[:, :1] *= 1e-6
    (clipped,), factor = stack(parts, "cpu").clip([gradient], [weights], torch.ones(3, dtype=torch.float64))
    for member, part in enumerate(parts):
        expected = adaptive_of_one_member(gradient[member], weights[member], part)
        torch.testing.assert_close(clipped[member], expected, rtol=1e-12, atol=0)
    assert factor.tolist() == [1.0, 1.0, 1.0]


def test_adaptive_clipping_leaves_short_and_zero_gradients_bit_for_bit():
    weights = torch.ones(1, 2, 3)
    gradient = torch.tensor([[[1e-3, -1e-4, 1e-30], [0.0, 0.0, 0.0]]])
    (clipped,), _ = stack([Adaptive()], "cpu").clip([gradient], [weights], torch.ones(1))
    assert torch.equal(clipped, gradient)


def test_adaptive_clipping_keeps_an_explosion_at_the_end_of_float32():
    gradient, weights = torch.full((1, 1, 4), 2e38), torch.full((1, 1, 4), 0.5)
    (clipped,), _ = stack([Adaptive()], "cpu").clip([gradient], [weights], torch.ones(1))
    assert clipped.norm().item() == pytest.approx(0.01, rel=1e-6)
