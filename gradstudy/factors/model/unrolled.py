"""A recurrent layer over all time steps whose pass forward and way back are one call of machine code each.

Autograd would take some fifteen operations per time step. dL/dh_t and dL/dc_t, which are at hand on the way back, are
the gradients of the layer's taps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from gradstudy.factors.coefficients import of_each
from gradstudy.kernels.tiles import TILE
from gradstudy.layer_parts import Activation
from gradstudy.network import Applied

PADDED_TO = 4
"""Features are padded to a multiple of it, as batches are to whole tiles."""


@dataclass(frozen=True)
class UnrolledCell:
    """Machine code out of kernels/recurrence.py, and how many widths a step keeps for its way back.

    Which of these are values of the activation; none where h_t is. And which is the cell's state, where it has one.
    """

    forward: Callable[..., None]
    backward: Callable[..., None]
    kept: int = 0
    activated: tuple[int, ...] = ()
    state: int | None = None


@dataclass(frozen=True)
class Unrolled:
    """A layer of such cells. `whole`: h_t of every time step is wanted, and not of the last one alone."""

    cell: UnrolledCell
    activation: Activation
    whole: bool
    left: list[Tensor] = field(default_factory=list)
    """States [member, time + 1, row, column] and what is kept [member, time, row, column] behind a pass."""
    norms: list[Tensor] = field(default_factory=list)
    """Behind the way back, those of the taps' gradients, [time, member] in float64 each."""

    def __call__(self, weights: Sequence[Tensor], inputs: Tensor, taps: int) -> tuple[Tensor, list[Tensor]]:
        """h_t [member, time, batch, width] for inputs [member, time, batch, feature], and so many taps.

        `weights` are W_hh, b and W_ih as [member, block of rows, width, ...].
        """
        recurrent, bias, entering = weights
        width, spare = recurrent.shape[2], -recurrent.shape[2] % PADDED_TO
        matrix = torch.cat([pad(recurrent, (0, spare)), bias, entering], dim=3)
        matrix = pad(matrix, (0, 0, 0, spare)).flatten(1, 2)
        members, length, batch, _ = inputs.shape
        nothing = inputs.new_zeros(()).expand(length, members, batch, width)
        tapped = [nothing.detach().requires_grad_() for _ in range(taps)]
        hidden: Tensor = _Steps.apply(self, matrix, inputs, *tapped)  # type: ignore[no-untyped-call]
        return hidden, tapped

    def values(self, width: int, batch: int) -> list[Tensor]:
        """h_t and the cell's state, if it has one, of the pass behind, [time, member, unit, batch]."""
        states, kept = self.left
        found = [states[:, 1:, :width]]
        if self.cell.state is not None:
            start = self.cell.state * (kept.shape[2] // self.cell.kept)
            found.append(kept[:, :, start : start + width])
        return [one[..., :batch].transpose(0, 1) for one in found]

    def applied(self, width: int, batch: int) -> list[Applied]:
        """Where the activation's values of the pass behind are."""
        states, kept = self.left
        if not self.cell.activated:
            return [Applied(states, width, first=1, row=0, entries=batch)]
        units = kept.shape[2] // self.cell.kept
        return [Applied(kept, width, first=0, row=one * units, entries=batch) for one in self.cell.activated]


class _Steps(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, layer: Unrolled, matrix: Tensor, inputs: Tensor, *taps: Tensor) -> Tensor:
        length, members, batch, width = taps[0].shape
        entering, columns = matrix.shape[2], -(-batch // TILE) * TILE
        units = entering - 1 - inputs.shape[3]
        states = inputs.new_empty(members, length + 1, entering, columns)
        kept = inputs.new_empty(members, length, layer.cell.kept * units, columns)
        rule, coefficient = layer.activation.rule or (0, 0.0)
        coefficients = of_each(coefficient, members, inputs.dtype)
        common = (members, length, units, entering, columns, width), rule, coefficients.numpy()
        layer.cell.forward(*common, _flat(matrix), inputs.detach().numpy(), _flat(states), _flat(kept))
        ctx.kept = layer, common, matrix, states, kept, taps
        layer.left[:] = states, kept
        hidden = states[:, 1:] if layer.whole else states[:, -1:]
        return hidden[:, :, :width, :batch].transpose(2, 3)

    @staticmethod
    def backward(ctx: Any, sent: Tensor) -> tuple[Tensor | None, ...]:
        layer, common, matrix, states, kept, taps = ctx.kept
        (members, length, units, entering, columns, _), *_ = common
        (batch, width), features = taps[0].shape[2:], entering - 1 - units
        asked = -(-features // PADDED_TO) * PADDED_TO if ctx.needs_input_grad[2] else 0
        back = matrix.new_zeros(members, units + asked, matrix.shape[1])
        back[:, :units] = matrix[:, :, :units].transpose(1, 2)
        if asked:
            back[:, units : units + features] = matrix[:, :, units + 1 :].transpose(1, 2)
        signals = [matrix.new_empty(members, length, units if tap else 0, columns) for tap in (True, len(taps) > 1)]
        end = signals[0] if layer.whole else signals[0][:, -1:]
        end[:, :, width:] = 0
        end[:, :, :width, batch:] = 0
        end[:, :, :width, :batch] = sent.transpose(2, 3)
        gradient, onward = torch.empty_like(matrix), matrix.new_empty(members, length, asked, columns)
        squares = matrix.new_empty(len(taps), members, length, dtype=torch.float64)
        layer.cell.backward(
            *common, *map(_flat, (back, states, kept, *signals, squares, gradient, onward)), layer.whole
        )
        layer.norms[:] = squares.sqrt_().transpose(1, 2)
        of_taps = [signal[:, :, :width, :batch].permute(1, 0, 3, 2) for signal, _ in zip(signals, taps, strict=False)]
        return None, gradient, onward[:, :, :features, :batch].transpose(2, 3) if asked else None, *of_taps


def _flat(tensor: Tensor) -> Any:
    return tensor.detach().view(-1).numpy()
