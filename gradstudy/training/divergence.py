"""Which members are still finite, and what was first not to be."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def _may_look(step: int | Tensor, numbers: Tensor) -> bool:
    """Elsewhere than on a CPU that would be to wait for the device, and impossible in a step that is recorded."""
    return isinstance(step, int) and numbers.device.type == "cpu"


class Divergence:
    """For every member its first bad step and tensor, kept on the device: no host sync while training."""

    def __init__(self, suspects: Sequence[str], *, members: int, device: torch.device):
        self._suspects = tuple(suspects)
        self._first_step = torch.full((members,), -1, dtype=torch.int64, device=device)
        self._first_suspect = torch.full((members,), -1, dtype=torch.int64, device=device)
        self.alive = torch.ones(members, dtype=torch.bool, device=device)
        """Whether each member [member] has been finite so far; one tensor until `keep`."""

    def note(self, step: int | Tensor, first_suspect: int, bad: Tensor) -> None:
        """`bad` [suspect, member] marks what is non-finite, from `first_suspect` on; the first bad step is kept."""
        if not len(bad) or (_may_look(step, bad) and not bad.numpy().any()):
            return  # as a rule
        news = bad.any(0) & self.alive
        culprit = first_suspect + bad.to(torch.uint8).argmax(0)
        self._first_step.copy_(torch.where(news, step, self._first_step))
        self._first_suspect.copy_(torch.where(news, culprit, self._first_suspect))
        self.alive.logical_and_(news.logical_not_())

    def note_numbers(self, step: int | Tensor, first_suspect: int, numbers: Sequence[Tensor]) -> None:
        """The same of float numbers [suspect, member], in so many pieces."""
        if _may_look(step, numbers[0]) and all(np.isfinite(piece.numpy()).all() for piece in numbers):
            return  # as a rule
        self.note(step, first_suspect, torch.cat([~piece.isfinite() for piece in numbers]))

    def keep(self, slots: Sequence[int]) -> None:
        """Goes on with the members of these slots."""
        chosen = list(slots)
        self._first_step, self._first_suspect = self._first_step[chosen], self._first_suspect[chosen]
        self.alive = self.alive[chosen]

    def outcomes(self) -> list[tuple[int | None, str | None]]:
        """Every member's first bad step and tensor, None and None where all was finite. A copy from the device."""
        steps, culprits = self._first_step.tolist(), self._first_suspect.tolist()
        return [
            (step, self._suspects[culprit]) if step >= 0 else (None, None)
            for step, culprit in zip(steps, culprits, strict=True)
        ]
