"""What follows the gradients of members with one set of rules: clipping, decay, and the step of the optimizer.

Parameters, gradients and moments lie in rows [member, entry] (flat.py), and are written in place. `Descent` does it in
PyTorch's operations on whole rows: some two dozen kernels, none of which waits for the device, so that a GPU may replay
them. `CompiledDescent` does the same in machine code, on a CPU: a row is read once and stays in the cache.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradstudy.kernels import rows as machine_code
from gradstudy.kernels.compiled import runs_compiled
from gradstudy.network import spread_over
from gradstudy.training.flat import Flat, not_finite
from gradstudy.training.instrument.recorder import StepNumber


class Descent:
    """Moves the parameters of members, in `rows`, along what their backward pass left in `gradients`, other rows.

    `parts` are their optimizer, clipping and regularization, stacked, and `rates` [step, member] those of all steps
    that there will be.
    """

    def __init__(self, flat: Flat, rows: Tensor, gradients: Tensor, parts: Mapping[str, Any], rates: Tensor):
        self.flat, self._rows, self._gradients, self._parts = flat, rows, gradients, parts
        self.moved, self._slopes = (all_[:, : flat.trained_length] for all_ in (rows, gradients))
        self.trained, self._clippable = flat.views(self.moved), flat.views(self._slopes)
        self.moments: list[Tensor] = parts["optimizer"].start(self.moved)
        self._given, self._kept = self._coefficients(rates)

    def _coefficients(self, rates: Tensor) -> tuple[Tensor, Tensor]:
        """Those of the optimizer's rule [step, member, coefficient], and of the decay's [member, coefficient]."""
        count = torch.arange(1, len(rates) + 1, dtype=torch.float64, device=rates.device)
        given = self._parts["optimizer"].coefficients(rates, count)
        kept = self._parts["regularization"].decay_coefficients()
        return (self._stacked(given, *rates.shape), self._stacked(kept, len(self._rows)))

    def _stacked(self, coefficients: Sequence[Any], *shape: int) -> Tensor:
        like = self._rows
        wide = [torch.as_tensor(one, dtype=torch.float64, device=like.device).expand(shape) for one in coefficients]
        if not wide:
            return like.new_zeros(*shape, 0)
        return torch.stack(wide, dim=-1).to(like.dtype)

    def clip(self, before: Tensor) -> tuple[Tensor, Tensor | None]:
        """Clips what is trained: the factor put on all of it, and the norm after it where that is known.

        `before` is the norm of all of it; [member] in float64 each.
        """
        clip = self._clip_entries if self._parts["clipping"].by_entry else self._clip_units
        return clip(before), None

    def _clip_units(self, before: Tensor) -> Tensor:
        gradients, values = list(self._clippable.values()), list(self.trained.values())
        factor: Tensor
        clipped, factor = self._parts["clipping"].clip(gradients, values, before)
        torch._foreach_copy_(gradients, clipped)
        return factor

    def _clip_entries(self, before: Tensor) -> Tensor:
        factor: Tensor
        (clipped,), factor = self._parts["clipping"].clip([self._slopes], [self.moved], before)
        self._slopes.copy_(clipped)
        return factor

    def move(self, step: StepNumber, alive: Tensor) -> Tensor:
        """One step of the optimizer for members that are `alive` and stay finite; [tensor, member] marks what does not.

        Tensors are those that are trained, in the network's order.
        """
        regularization, optimizer = self._parts["regularization"], self._parts["optimizer"]
        slopes = regularization.decay(self.moved, self._slopes, *self._kept.unsqueeze(1).unbind(-1))
        new, *moments = optimizer.rule(self.moved, slopes, *self.moments, *self.coefficients(step))
        return self._settle(new, alive, moments)

    def _settle(self, new: Tensor, alive: Tensor, moments: Sequence[Tensor]) -> Tensor:
        bad = not_finite(self.flat.views(new).values())
        fine = (alive & ~bad.any(0)).unsqueeze(1)
        self.moved.copy_(torch.where(fine, new, self.moved))  # never a product with a mask: nan * 0 is nan
        for kept, moment in zip(self.moments, moments, strict=True):
            if moment is not kept:
                kept.copy_(moment)
        return bad

    def search(self, step: StepNumber, alive: Tensor, again: Any) -> Tensor:
        """The same for an optimizer that looks at the loss of other values by itself: `again` gives it."""
        (rate,) = self.coefficients(step)
        values = list(self.trained.values())
        found = self._parts["optimizer"].search(values, self.moments, rate.flatten(), again)
        new = self.moved.clone()
        torch._foreach_copy_(list(self.flat.views(new).values()), found)
        return self._settle(new, alive, self.moments)

    def decayed(self, values: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        """Clipped gradients [member, ...] of all that is trained at these values, with those of the penalties added."""
        decay, kept = self._parts["regularization"].decay, self._kept.unbind(-1)
        return [
            decay(value, gradient, *(spread_over(one, value) for one in kept))
            for value, gradient in zip(values, gradients, strict=True)
        ]

    def below_eps(self, step: StepNumber) -> Tensor | None:
        """Where the optimizer's eps rules after a step, bools as rows of what is trained; None without an eps."""
        found: Tensor | None = self._parts["optimizer"].below_eps(self.moments, self.coefficients(step))
        return found

    def constrain(self, alive: Tensor) -> None:
        """Brings the parameters of the living back to where they are allowed to be."""
        values = list(self.trained.values())
        for value, allowed in zip(values, self._parts["regularization"].constrain(values), strict=True):
            if allowed is not value:
                value.copy_(torch.where(spread_over(alive, value), allowed, value))

    def coefficients(self, step: StepNumber) -> list[Tensor]:
        """What the optimizer's rule takes in a step, [member, 1] each."""
        return list(self._given[step].reshape(len(self._rows), 1, -1).unbind(-1))


class CompiledDescent(Descent):
    """The same in machine code: on a CPU, in float32."""

    def __init__(self, flat: Flat, rows: Tensor, gradients: Tensor, parts: Mapping[str, Any], rates: Tensor):
        super().__init__(flat, rows, gradients, parts, rates)
        optimizer, regularization = parts["optimizer"], parts["regularization"]
        self._numbers = self._given.numpy(), self._kept.numpy()
        self._bad, self._marked = torch.zeros(flat.trained, len(self._rows), dtype=torch.bool), 0
        # as arrays once and for all: to make one takes as long as a tenth of a small cohort's step
        first, second = (self.moments[0], self.moments[-1]) if self.moments else (rows, rows)
        self._there = [tensor.numpy() for tensor in (rows, gradients, first, second)]
        room = np.empty(flat.trained_length, np.float32)
        self._places = np.array(flat.starts[: flat.trained]), np.array(flat.ends), room, self._bad.numpy()
        self._limits = self._stacked([parts["clipping"].limit()], len(self._rows)).flatten().numpy()
        if optimizer.by_entry:
            self._step = machine_code.stepping(
                *(optimizer.rule, optimizer.moments, self._given.shape[-1]),
                *(regularization.decay, self._kept.shape[-1]),
            )

    def clip(self, before: Tensor) -> tuple[Tensor, Tensor | None]:
        clipping = self._parts["clipping"]
        if not clipping.by_entry:
            return super().clip(before)
        factor, after = clipping.factor(before), before.clone()
        gradients, (starts, ends, *_) = self._there[1], self._places
        limits, length = self._limits, self.flat.trained_length
        changed = machine_code.clip_rows(gradients, length, factor.numpy(), limits, starts, ends, after.numpy())
        return factor, after if changed else before

    def move(self, step: StepNumber, alive: Tensor) -> Tensor:
        given, kept = self._numbers
        if self._marked:
            self._bad.zero_()
        self._marked = self._step(*self._there, given[int(step)], kept, alive.numpy(), *self._places)
        return self._bad


def descent(flat: Flat, rows: Tensor, gradients: Tensor, parts: Mapping[str, Any], rates: Tensor) -> Descent:
    """The fastest there is for such rows."""
    kind = CompiledDescent if runs_compiled(rows) else Descent
    return kind(flat, rows, gradients, parts, rates)
