"""What is measured on every step, kept on the device until the end: no host sync while training."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from gradstudy.records import Member, MemberRecord, Series


class Recorder:
    """A buffer [step, place, member] in float64 per quantity, and for every member its first bad step and tensor."""

    def __init__(
        self,
        places: Mapping[str, Sequence[str]],
        suspects: Sequence[str],
        *,
        steps: int,
        members: int,
        device: torch.device,
    ):
        self.suspects = tuple(suspects)
        self.places = {quantity: tuple(names) for quantity, names in places.items()}
        self._buffers = {
            quantity: torch.full((steps, len(names), members), torch.nan, dtype=torch.float64, device=device)
            for quantity, names in self.places.items()
        }
        self.first_bad_step = torch.full((members,), -1, dtype=torch.int64, device=device)
        self._first_bad_suspect = torch.full((members,), -1, dtype=torch.int64, device=device)

    def write(self, step: int, quantity: str, values: Tensor) -> None:
        """`values` is [place, member] or, for a single place, [member]."""
        self._buffers[quantity][step] = values

    def write_bad(self, step: int, first_suspect: int, bad: Tensor) -> None:
        """`bad` [suspect, member] marks what is non-finite, from `first_suspect` on; the first bad step is kept."""
        news = bad.any(0) & (self.first_bad_step < 0)
        culprit = first_suspect + bad.to(torch.uint8).argmax(0)
        self.first_bad_step = torch.where(news, step, self.first_bad_step)
        self._first_bad_suspect = torch.where(news, culprit, self._first_bad_suspect)

    @property
    def alive(self) -> Tensor:
        """Which members [member] have been finite so far?"""
        return self.first_bad_step < 0

    def records(self, members: Sequence[Member], extra: Sequence[Mapping[str, Series]]) -> list[MemberRecord]:
        """One record per member, cut after its first bad step; the one copy from the device happens here."""
        buffers = {quantity: buffer.cpu().numpy() for quantity, buffer in self._buffers.items()}
        steps, culprits = self.first_bad_step.tolist(), self._first_bad_suspect.tolist()
        return [
            MemberRecord(
                member.trial,
                member.seed,
                {**self._series(buffers, slot, steps[slot]), **extra[slot]},
                first_bad_step=steps[slot] if steps[slot] >= 0 else None,
                first_bad_tensor=self.suspects[culprits[slot]] if steps[slot] >= 0 else None,
            )
            for slot, member in enumerate(members)
        ]

    def _series(self, buffers: Mapping[str, np.ndarray], slot: int, bad_step: int) -> dict[str, Series]:
        end = bad_step + 1 if bad_step >= 0 else None
        return {
            quantity: Series(self.places[quantity], np.arange(len(values[:end])), values[:end, :, slot].copy())
            for quantity, values in buffers.items()
        }


def norms(tensors: Sequence[Tensor]) -> Tensor:
    """Euclidean norm of each member's slice, [tensor, member], summed in float64.

    In float32 the square of 1e-23 is 0 and that of 1e20 is inf: a vanished and an exploded gradient would look alike.
    """
    return torch.stack(
        [torch.linalg.vector_norm(t, dim=tuple(range(1, t.dim())), dtype=torch.float64) for t in tensors]
    )


def signal(points: Sequence[Sequence[Tensor]]) -> Tensor:
    """D_p = RMS over batch and features of dL/d(flow point p) on a per-sample scale, [place, member].

    `points` holds per place the gradients [member, batch, ...] of a mean loss; times the batch size they are the
    gradients of each sample's own loss.
    """
    layers = torch.stack([norms([place[layer] for place in points]) for layer in range(len(points[0]))])
    batch = points[0][0].shape[1]
    sizes = [batch / sum(tensor[0].numel() for tensor in place) ** 0.5 for place in points]
    total = torch.linalg.vector_norm(layers, dim=0)
    if len(set(sizes)) == 1:
        return total * sizes[0]
    return torch.stack([norm * size for norm, size in zip(total, sizes, strict=True)])
