"""Coefficients of members as they meet stacked tensors: shaped to broadcast, and rounded alike in every slot."""

from collections.abc import Callable

from torch import Tensor

from gradstudy.network import KERNEL_TAIL, spread_over


def per_member(coefficient: Tensor, like: Tensor) -> Tensor:
    """A float64 coefficient [member], cast once and shaped to broadcast over `like` [member, ...]."""
    return spread_over(coefficient.to(like.dtype), like)


def by_lane(function: Callable[..., Tensor], *coefficients: Tensor) -> Tensor:
    """An element-wise function of coefficients [member].

    Vector kernels treat the last few elements of a tensor by scalar code, which rounds pow otherwise: in a cohort of
    65 one result in sixty differed from that of the member alone. Repeated over a block of lanes, no member is a tail.
    """
    wide = [coefficient.unsqueeze(-1).expand(-1, KERNEL_TAIL).contiguous() for coefficient in coefficients]
    return function(*wide)[:, 0]
