"""How a coefficient per member meets a stacked tensor."""

from torch import Tensor


def per_member(coefficient: Tensor, like: Tensor) -> Tensor:
    """A float64 coefficient [member], cast once and shaped to broadcast over `like` [member, ...]."""
    return coefficient.to(like.dtype).view(-1, *[1] * (like.dim() - 1))
