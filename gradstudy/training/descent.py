"""What follows the gradients of a cohort: their norms, clipping, decay, and the step of the optimizer.

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
from gradstudy.network import Network, spread_over
from gradstudy.training.flat import Flat, not_finite
from gradstudy.training.instrument.norms import combined_norm, norms
from gradstudy.training.instrument.recorder import StepNumber


class Descent:
    """Moves the parameters of a cohort along what its backward pass found.

    `parameters` are leaves of the graph by name, and `into` where their gradients belong: views of the rows. `steps`
    are all steps that there will be, for the schedule of the learning rate.
    """

    def __init__(self, network: Network, parts: Mapping[str, Any], values: Mapping[str, Tensor], steps: int):
        self.flat, self._parts = Flat(network.parameters), parts
        self._rows = self.flat.rows(values)
        self._gradients = torch.zeros_like(self._rows)
        names, views = [p.name for p in network.parameters], self.flat.views(self._rows)
        self.parameters = {name: views[name].detach().requires_grad_() for name in names}
        self.into = self.flat.views(self._gradients)
        self._order = torch.tensor([self.flat.names.index(name) for name in names], device=self._rows.device)
        self.moved, self._slopes = (all_[:, : self.flat.trained_length] for all_ in (self._rows, self._gradients))
        self.trained, self._clippable = self.flat.views(self.moved), self.flat.views(self._slopes)
        self.moments: list[Tensor] = parts["optimizer"].start(self.moved)
        self._given, self._kept = self._coefficients(steps)

    def _coefficients(self, steps: int) -> tuple[Tensor, Tensor]:
        """Those of the optimizer's rule [step, member, coefficient], and of the decay's [member, coefficient]."""
        device, members = self._rows.device, len(self._rows)
        count = torch.arange(steps, dtype=torch.float64, device=device)
        lr = self._parts["lr"].at(count.unsqueeze(1), steps).expand(steps, members)
        given = self._parts["optimizer"].coefficients(lr, count + 1)
        kept = self._parts["regularization"].decay_coefficients()
        return (self._stacked(given, steps, members), self._stacked(kept, members))

    def _stacked(self, coefficients: Sequence[Any], *shape: int) -> Tensor:
        like = self._rows
        wide = [torch.as_tensor(one, dtype=torch.float64, device=like.device).expand(shape) for one in coefficients]
        if not wide:
            return like.new_zeros(*shape, 0)
        return torch.stack(wide, dim=-1).to(like.dtype)

    def take(self, gradients: Sequence[Tensor]) -> None:
        """Puts the gradients of all parameters, in the network's order, where they belong unless they lie there."""
        pairs = [
            (place, gradient)
            for place, gradient in zip(map(self.into.__getitem__, self.parameters), gradients, strict=True)
            if gradient.data_ptr() != place.data_ptr()
        ]
        if pairs:
            torch._foreach_copy_([place for place, _ in pairs], [gradient for _, gradient in pairs])

    def norms(self) -> tuple[Tensor, Tensor]:
        """The norm of each parameter's gradient [parameter, member], and of all that is trained [member]; float64."""
        each = norms(list(self.into.values()))
        return each.index_select(0, self._order), combined_norm(each[: self.flat.trained])

    def clip(self, before: Tensor) -> tuple[Tensor, Tensor]:
        """Clips what is trained; the norm after it, and the factor put on all of it, [member] in float64 each."""
        factor = self._clip_units(before) if not self._parts["clipping"].by_entry else self._clip_entries(before)
        return combined_norm(norms(list(self._clippable.values()))), factor

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

    def below_eps(self, step: StepNumber) -> dict[str, Tensor]:
        """By trained parameter, where the optimizer's eps rules after a step, bools [member, ...]; empty without."""
        below = self._parts["optimizer"].below_eps(self.moments, self.coefficients(step))
        return {} if below is None else self.flat.views(below)

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

    def __init__(self, network: Network, parts: Mapping[str, Any], values: Mapping[str, Tensor], steps: int):
        super().__init__(network, parts, values, steps)
        flat, optimizer, regularization = self.flat, parts["optimizer"], parts["regularization"]
        self._starts, self._ends = np.array(flat.starts), np.array(flat.ends)
        self._each = torch.empty(len(flat.names), len(self._rows), dtype=torch.float64)
        self._numbers = self._given.numpy(), self._kept.numpy()
        self._new = np.empty(flat.trained_length, np.float32)
        self._bad = torch.zeros(flat.trained, len(self._rows), dtype=torch.bool)
        self._limits = self._stacked([parts["clipping"].limit()], len(self._rows)).flatten().numpy()
        if optimizer.by_entry:
            self._step = machine_code.stepping(
                *(optimizer.rule, optimizer.moments, self._given.shape[-1]),
                *(regularization.decay, self._kept.shape[-1]),
            )

    def norms(self) -> tuple[Tensor, Tensor]:
        each, trained = self._each.numpy(), np.empty(len(self._rows))
        machine_code.norms_of_rows(self._gradients.numpy(), self._starts, self._ends, self.flat.trained, each, trained)
        return self._each.index_select(0, self._order), torch.from_numpy(trained)

    def clip(self, before: Tensor) -> tuple[Tensor, Tensor]:
        clipping = self._parts["clipping"]
        if not clipping.by_entry:
            factor = self._clip_units(before)
        else:
            factor = clipping.factor(before)
            if bool((factor == 1).all()) and np.isinf(self._limits).all():
                return before, factor
            machine_code.clip_rows(self._slopes.numpy(), factor.numpy(), self._limits)
        return self.norms()[1], factor

    def move(self, step: StepNumber, alive: Tensor) -> Tensor:
        given, kept = self._numbers
        self._bad.zero_()
        first, second = self.moments[0].numpy(), self.moments[-1].numpy()
        self._step(
            *(self._rows.numpy(), self._gradients.numpy(), first, second, given[int(step)], kept, alive.numpy()),
            *(self._starts[: self.flat.trained], self._ends, self._new, self._bad.numpy()),
        )
        return self._bad


def descent(network: Network, parts: Mapping[str, Any], values: Mapping[str, Tensor], steps: int) -> Descent:
    """The fastest there is for these values."""
    kind = CompiledDescent if runs_compiled(values[network.parameters[0].name]) else Descent
    return kind(network, parts, values, steps)
