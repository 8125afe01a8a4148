"""Norms of stacked tensors that keep their range: what float32 holds never reads 0 or inf because of a square."""

from collections.abc import Sequence

import torch
from torch import Tensor

SAFE = (1e-15, 1e15)
"""Norms between which float32 squares neither vanish nor overflow to an extent that shows."""


def norms(tensors: Sequence[Tensor]) -> Tensor:
    """Euclidean norm of each member's slice, [tensor, member], in float64.

    In float32 the square of 1e-23 is 0 and that of 1e20 is inf: a vanished and an exploded gradient would look alike.
    Summing in float64 takes three times as long, so on a CPU float32 is tried first, and only the members whose result
    lies outside the safe range are summed again; on a GPU, where such a look would wait for the device, all are.
    """
    if tensors[0].dtype == torch.float64 or tensors[0].is_cuda:
        return _norms(tensors, torch.float64)
    quick = _norms(tensors, None).double()
    safe = (quick > SAFE[0]) & (quick < SAFE[1])
    for row in (~safe.all(1)).nonzero().flatten():
        quick[row] = torch.where(safe[row], quick[row], _norms([tensors[row]], torch.float64)[0])
    return quick


def _norms(tensors: Sequence[Tensor], dtype: torch.dtype | None) -> Tensor:
    return torch.stack([torch.linalg.vector_norm(t.reshape(len(t), -1), dim=1, dtype=dtype) for t in tensors])


def rms(places: Sequence[Sequence[Tensor]]) -> Tensor:
    """Root mean square of the tensors [member, ...] of each place, together, [place, member]."""
    layers = torch.stack([norms([place[layer] for place in places]) for layer in range(len(places[0]))])
    sizes = [sum(tensor[0].numel() for tensor in place) ** 0.5 for place in places]
    total = torch.linalg.vector_norm(layers, dim=0)
    if len(set(sizes)) == 1:
        return total / sizes[0]
    return torch.stack([norm / size for norm, size in zip(total, sizes, strict=True)])


def signal(places: Sequence[Sequence[Tensor]]) -> Tensor:
    """D_p = RMS over batch and features of dL/d(flow point p) on a per-sample scale, [place, member].

    `places` hold the gradients [member, batch, ...] of a mean loss; times the batch size they are the gradients of each
    sample's own loss.
    """
    return rms(places) * places[0][0].shape[1]
