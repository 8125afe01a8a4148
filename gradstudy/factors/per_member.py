"""How a coefficient per member meets a stacked tensor."""

from torch import Tensor

from gradstudy.network import spread


def per_member(coefficient: Tensor, like: Tensor) -> Tensor:
    """A float64 coefficient [member], cast once and shaped to broadcast over `like` [member, ...]."""
    return spread(coefficient.to(like.dtype), like)
