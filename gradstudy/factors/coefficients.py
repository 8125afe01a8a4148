"""Coefficients of members as they meet stacked tensors: shaped to broadcast, and rounded alike in every slot."""

from collections.abc import Callable

import torch
from torch import Tensor

from gradstudy.network import KERNEL_TAIL, spread_over

Coefficient = float | Tensor
"""A field of a part: a number as it was configured, and float64 [member] in the parts of a cohort."""


def stacked(coefficient: Coefficient) -> Tensor:
    """The coefficient as a float64 tensor, [member]."""
    return coefficient if isinstance(coefficient, Tensor) else torch.tensor(coefficient, dtype=torch.float64)


def per_member(coefficient: Coefficient, like: Tensor) -> Tensor:
    """A float64 coefficient [member], cast once and shaped to broadcast over `like` [member, ...]."""
    return spread_over(stacked(coefficient).to(like.dtype), like)


def of_each(coefficient: Coefficient, members: int, dtype: torch.dtype) -> Tensor:
    """The coefficient of each of so many members, [member], cast once and lying densely, as compiled functions read."""
    return stacked(coefficient).to(dtype).expand(members).contiguous()


def elementwise(function: Callable[..., Tensor], *coefficients: Coefficient) -> Tensor:
    """An element-wise function of coefficients [..., member], rounded alike in every slot.

    Vector kernels treat the last few elements of a tensor by scalar code, which rounds pow otherwise: in a cohort of
    65 one result in sixty differed from that of the member alone. Repeated over a whole block, no member is a tail.
    """
    alike = torch.broadcast_tensors(*map(stacked, coefficients))  # type: ignore[no-untyped-call]  # torch leaves it open
    wide = [each.unsqueeze(-1).expand(*each.shape, KERNEL_TAIL).contiguous() for each in alike]
    return function(*wide)[..., 0]


def powers(base: Tensor, exponents: Tensor) -> Tensor:
    """base [member] to each of the exponents [step], [step, member]; members of one base are taken together."""
    own = base.tolist()
    found = {one: [one**exponent for exponent in exponents.tolist()] for one in set(own)}
    return torch.tensor([found[one] for one in own], dtype=torch.float64, device=base.device).t()
