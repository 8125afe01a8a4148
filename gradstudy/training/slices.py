"""What follows the gradients of a whole cohort, whose members need not have one set of rules.

The network is one for all of them, and so are its passes. Members with rules of one structure lie behind each other,
and each such slice of the rows descends by its own (descent.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import torch
from torch import Tensor

from gradstudy.kernels.compiled import runs_compiled
from gradstudy.network import Network
from gradstudy.training.descent import Descent, descent
from gradstudy.training.flat import Flat, Leaves
from gradstudy.training.instrument.recorder import StepNumber
from gradstudy.training.row_norms import compiled_norms, plain_norms


@dataclass(frozen=True)
class Rules:
    """The stacked optimizer, clipping and regularization of so many `members`, which lie behind each other."""

    members: int
    parts: Mapping[str, Any]


class Slices:
    """Moves the parameters of a cohort along what its backward pass found.

    `leaves` are all parameters, and `trained` those that are moved, by name. `rates` [step, member] are of all steps
    that there will be.
    """

    def __init__(self, network: Network, rules: Sequence[Rules], values: Mapping[str, Tensor], rates: Tensor):
        flat = Flat(network.parameters)
        rows = flat.rows(values)
        self.leaves = Leaves(flat, rows)
        gradients = self.leaves.gradients
        self.trained = flat.views(rows[:, : flat.trained_length])
        self._norms = (compiled_norms if runs_compiled(rows) else plain_norms)(flat, gradients)
        ends = accumulate((one.members for one in rules), initial=0)
        self._slices = [slice(*both) for both in pairwise(ends)]
        self._parts = [
            descent(flat, rows[own], gradients[own], one.parts, rates[:, own])
            for one, own in zip(rules, self._slices, strict=True)
        ]

    def take_over(self, other: "Slices", slots: Sequence[int]) -> None:
        """Takes the moments of those slots of another descent, whose members these are."""
        for own, moments in zip(self._moments(), map(other._moments().__getitem__, slots), strict=True):
            for kept, moment in zip(own, moments, strict=True):
                kept.copy_(moment)

    def _moments(self) -> list[list[Tensor]]:
        """Those of each member [entry]."""
        return [[moment[row] for moment in one.moments] for one in self._parts for row in range(len(one.moved))]

    def norms(self) -> tuple[Tensor, Tensor]:
        """The norm of each parameter's gradient [parameter, member], and of all that is trained [member]; float64.

        Of all slices at once: sums over tensors are taken side by side for several members, the last few otherwise.
        """
        return self._norms()

    def clip(self, before: Tensor) -> tuple[Tensor, Tensor]:
        """Clips what is trained; the norm after it, and the factor put on all of it, [member] in float64 each."""
        found = [one.clip(own) for one, own in self._each(before)]
        factor = _joined([factor for factor, _ in found])
        taken = self._norms()[1] if any(norm is None for _, norm in found) else before
        after = [own if norm is None else norm for (_, norm), (_, own) in zip(found, self._each(taken), strict=True)]
        return _joined(after), factor

    def move(self, step: StepNumber, alive: Tensor) -> Tensor:
        """One step of the optimizers for members that are `alive` and stay finite; [tensor, member] marks what is not.

        Tensors are those that are trained, in the network's order.
        """
        return _joined([one.move(step, own) for one, own in self._each(alive)])

    def search(self, step: StepNumber, alive: Tensor, again: Callable[..., Any]) -> Tensor:
        """The same for an optimizer that looks at the loss of other values by itself: `again` gives it."""
        (only,) = self._parts
        return only.search(step, alive, again)

    def decayed(self, values: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        """For such an optimizer: clipped gradients [member, ...] at these values, with those of the penalties added."""
        (only,) = self._parts
        return only.decayed(values, gradients)

    def below_eps(self, step: StepNumber) -> Tensor | None:
        """Where an eps rules after a step, bools as rows of what is trained: nowhere for members without.

        None where none has one.
        """
        found = [one.below_eps(step) for one in self._parts]
        if all(own is None for own in found):
            return None
        return torch.cat(
            [
                torch.zeros_like(one.moved).bool() if own is None else own
                for one, own in zip(self._parts, found, strict=True)
            ]
        )

    def constrain(self, alive: Tensor) -> None:
        """Brings the parameters of the living back to where they are allowed to be."""
        for one, own in self._each(alive):
            one.constrain(own)

    def _each(self, of_members: Tensor) -> list[tuple[Descent, Tensor]]:
        if len(self._parts) == 1:
            return [(self._parts[0], of_members)]
        return [(part, of_members[own]) for part, own in zip(self._parts, self._slices, strict=True)]


def _joined(of_slices: Sequence[Tensor]) -> Tensor:
    """The same of all members, who stand last."""
    return of_slices[0] if len(of_slices) == 1 else torch.cat(list(of_slices), dim=-1)
