"""The arithmetic that all normalisations of features share, with its gradient written out."""

from typing import Any

import torch
from torch import Tensor


def standardize(x: Tensor, eps: Tensor, axes: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """(x - mean) / sqrt(variance + eps), and the mean and the (biased) variance over `axes`, which stay as ones."""
    standardized: tuple[Tensor, Tensor, Tensor]
    standardized = _Standardize.apply(x, eps, axes, True)  # type: ignore[no-untyped-call]  # torch leaves it open
    return standardized


def divide_by_rms(x: Tensor, eps: Tensor, axes: tuple[int, ...]) -> Tensor:
    """x / sqrt(mean of x^2 + eps), the mean taken over `axes`."""
    divided: Tensor = _Standardize.apply(x, eps, axes, False)[0]  # type: ignore[no-untyped-call]  # torch leaves it open
    return divided


class _Standardize(torch.autograd.Function):
    """dL/dx = (g - mean(g) - y mean(g y)) / sqrt(variance + eps), without mean(g) where x was not centred.

    Half the time of what autograd makes of the same formula over features, and it keeps y only.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, eps: Tensor, axes: tuple[int, ...], centred: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        mean = x.mean(axes, keepdim=True) if centred else x.new_zeros(())
        y = x - mean
        variance = (y * y).mean(axes, keepdim=True)
        # a variance that overflowed has an inverse of 0, which would make an explosion a vanished signal
        inverse = torch.where(variance.isfinite(), 1 / (variance + eps).sqrt(), torch.nan)
        y *= inverse
        ctx.save_for_backward(y, inverse)
        ctx.axes, ctx.centred = axes, centred
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, _mean: Tensor, _variance: Tensor) -> tuple[Tensor, None, None, None]:
        y, inverse = ctx.saved_tensors
        along = (gradient * y).mean(ctx.axes, keepdim=True)
        across = gradient - y * along
        if ctx.centred:
            across -= gradient.mean(ctx.axes, keepdim=True)
        return across.mul_(inverse), None, None, None
