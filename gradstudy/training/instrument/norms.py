"""Norms of stacked tensors that keep their range: nothing reads 0 or inf because of a square."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradstudy.kernels.compiled import runs_compiled
from gradstudy.kernels.places import mend_norms, norm_of_places
from gradstudy.kernels.rows import norm_of_slices
from gradstudy.network import Flow

SAFE = {torch.float32: (1e-15, 1e15), torch.float64: (1e-140, 1e140)}
"""Norms between which squares neither vanish nor overflow to an extent that shows."""
LIKE = {torch.float32: np.empty(0, np.float32), torch.float64: np.empty(0)}
"""Arrays that tell a compiled function what it is to read."""


def norms(tensors: Sequence[Tensor]) -> Tensor:
    """Euclidean norm of each member's slice, [tensor, member], in float64.

    In float32 the square of 1e-23 is 0 and that of 1e20 is inf: a vanished and an exploded gradient would look alike.
    Compiled, it is summed in float64, which holds any square of float32. Else a careful sum takes three times as long,
    so on a CPU a plain one is tried first, and only the members whose result lies outside the safe range are summed
    again; on a GPU, where such a look would wait for the device, all are.
    """
    if not may_look(tensors[0]):
        return torch.stack([_careful(tensor) for tensor in tensors])
    if runs_compiled(tensors[0], *SAFE):
        found = torch.empty(len(tensors), len(tensors[0]), dtype=torch.float64)
        for row, tensor in zip(found.numpy(), tensors, strict=True):
            norm_of_slices(_dense(tensor.detach()).contiguous().numpy(), row)
        if tensors[0].dtype == torch.float32:
            return found
    else:
        found = torch.stack([torch.linalg.vector_norm(_flat(tensor), dim=1) for tensor in tensors]).double()
    low, high = SAFE[tensors[0].dtype]
    safe = (found > low) & (found < high)
    for row in (~safe.all(1)).nonzero().flatten():
        found[row] = torch.where(safe[row], found[row], _careful(tensors[row]))
    return found


def may_look(tensor: Tensor) -> bool:
    """Whether numbers of such a tensor can be looked at without waiting for a device."""
    return tensor.device.type == "cpu"


def combined_norm(each: Tensor) -> Tensor:
    """The norm [member] of several tensors together, given the norm of each, [tensor, member]."""
    return each[0] if len(each) == 1 else _scaled(each.t())


def rms(places: Sequence[Sequence[Tensor]]) -> Tensor:
    """Root mean square of the tensors [member, ...] of each place, together, [place, member]."""
    layers = torch.stack([norms([place[layer] for place in places]) for layer in range(len(places[0]))])
    sizes: list[float] = [sum(tensor[0].numel() for tensor in place) ** 0.5 for place in places]
    total = combined_norm(layers.flatten(1)).view(layers.shape[1:])
    if len(set(sizes)) == 1:
        return total / sizes[0]
    return torch.stack([norm / size for norm, size in zip(total, sizes, strict=True)])


def rms_of_stacks(layers: Sequence[Tensor], taken: Sequence[Tensor] | None = None) -> Tensor:
    """The same, [place, member], where a place is made of one slice of each of these [place, member, ...].

    `taken` are their norms [place, member] where they are known as plain sums of squares.
    """
    if taken is None:
        each = [_norms_of_stack(layer) for layer in layers]
    else:
        each = [_in_range(own, layer) for own, layer in zip(taken, layers, strict=True)]
    size: float = sum(prod(layer.shape[2:]) for layer in layers) ** 0.5
    if len(each) == 1:
        return each[0] / size
    return combined_norm(torch.stack(each).flatten(1)).view(each[0].shape) / size


def _norms_of_stack(stack: Tensor) -> Tensor:
    """Of each slice of [place, member, ...], [place, member]: without a copy also where a member's places lie together.

    The copy that brings them into order takes as long as a tenth of a small recurrent network's step.
    """
    where = _where_it_lies(stack)
    if where is None:
        return _norms_of_copies(stack)
    found = torch.empty(stack.shape[:2], dtype=torch.float64)
    norm_of_places(*where, found.numpy())
    return _in_range(found, stack)


def _where_it_lies(stack: Tensor) -> tuple[Any, ...] | None:
    """A stack as compiled functions read it; None where they cannot."""
    like = LIKE.get(stack.dtype)
    if stack.dim() != 4 or like is None or not runs_compiled(stack, *SAFE):
        return None
    rows = stack if stack.stride(3) == 1 else stack.transpose(2, 3)
    return (rows.data_ptr(), like, tuple(rows.shape), rows.stride()) if rows.stride(3) == 1 else None


def _in_range(found: Tensor, stack: Tensor) -> Tensor:
    """Plain sums of squares, with those taken again whose squares leave the range: none of float32, in float64."""
    if stack.dtype == torch.float32:
        return found
    low, high = SAFE[stack.dtype]
    safe = (found > low) & (found < high)
    if bool(safe.all()):
        return found
    where = _where_it_lies(stack)
    if where is None:
        return torch.where(safe, found, _norms_of_copies(stack))
    mended = found.clone(memory_format=torch.contiguous_format)
    mend_norms(*where, low, high, mended.numpy())
    return mended


def _norms_of_copies(stack: Tensor) -> Tensor:
    if stack.stride(0) < stack.stride(1):
        return _norms_of_copies(stack.transpose(0, 1)).t()
    return norms([stack.flatten(0, 1)])[0].view(stack.shape[:2])


def signal_rms(places: Sequence[Sequence[Tensor]]) -> Tensor:
    """D_p = RMS over batch and features of dL/d(flow point p) on a per-sample scale, [place, member].

    `places` hold the gradients [member, batch, ...] of a mean loss; times the batch size they are the gradients of each
    sample's own loss.
    """
    return rms(places) * places[0][0].shape[1]


def flow_rms(flow: Flow, gradients: Sequence[Tensor]) -> dict[str, Tensor]:
    """D_p of every flow point, by quantity [place, member], given the gradients of the flow's tensors."""
    if flow.taps is None:
        return {quantity: signal_rms(places) for quantity, places in flow.by_place(gradients).items()}
    size, taken = flow.output.shape[1], flow.norms() if flow.norms else {}
    return {
        quantity: rms_of_stacks(layers, taken.get(quantity)) * size
        for quantity, layers in flow.by_tap(gradients).items()
    }


def _careful(tensor: Tensor) -> Tensor:
    """Whatever float32 holds has a square in float64; what float64 holds is divided by its largest entry first."""
    if tensor.dtype == torch.float32:
        norm: Tensor = torch.linalg.vector_norm(_flat(tensor), dim=1, dtype=torch.float64)
        return norm
    return _scaled(_flat(tensor))


def _scaled(rows: Tensor) -> Tensor:
    largest = rows.abs().amax(1)
    scale = torch.where((largest > 0) & largest.isfinite(), largest, 1.0)
    norm: Tensor = torch.linalg.vector_norm(rows / scale.unsqueeze(1), dim=1)
    return norm * scale


def _flat(tensor: Tensor) -> Tensor:
    return tensor.reshape(len(tensor), -1)


def _dense(tensor: Tensor) -> Tensor:
    """[member, entry], without a copy where a member lies densely, its samples first or, feature by feature, last.

    No other order: that in which a kernel leaves its result may depend on the number of members.
    """
    return _flat(tensor.movedim(1, -1) if tensor.dim() > 2 and tensor.stride(1) == 1 else tensor)
