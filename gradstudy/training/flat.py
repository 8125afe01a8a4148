"""All parameters of a member in one row of a flat tensor: what follows the gradients takes one pass and not dozens."""

from collections.abc import Iterable, Mapping, Sequence
from math import prod

import torch
from torch import Tensor

from gradstudy.network import Parameter

CACHE_LINE = 16
"""Float32 entries in a line of the cache, where every tensor of every member begins; what lies between them is 0."""


class Flat:
    """Where the parameters of a member lie in its row, in entries: the `trained` ones first, the others behind them.

    `names` are the parameters in that order, `starts` and `ends` [tensor] their places, `length` that of a row. `order`
    says which of them each of the network's parameters is.
    """

    def __init__(self, parameters: Sequence[Parameter]):
        ordered = sorted(parameters, key=lambda p: not p.trained)
        self._shapes = {p.name: (p.shape, _dense_steps(p.shape)) for p in ordered}
        self.names = tuple(self._shapes)
        self.order = [self.names.index(p.name) for p in parameters]
        self.starts, self.ends, place = [], [], 0
        for p in ordered:
            self.starts.append(place)
            self.ends.append(place + prod(p.shape))
            place = -(-self.ends[-1] // CACHE_LINE) * CACHE_LINE
        self.length = place
        self.trained = sum(p.trained for p in ordered)
        self.trained_length = self.starts[self.trained] if self.trained < len(ordered) else place

    def rows(self, values: Mapping[str, Tensor]) -> Tensor:
        """The values [member, *shape] of every parameter as rows [member, entry]."""
        like = values[self.names[0]]
        rows = torch.zeros(len(like), self.length, dtype=like.dtype, device=like.device)
        for name, view in self.views(rows).items():
            view.copy_(values[name].detach())
        return rows

    def views(self, rows: Tensor) -> dict[str, Tensor]:
        """Each parameter [member, *shape] as it lies in rows [member, entry], or in the trained part of them."""
        first, (step, next_entry) = rows.storage_offset(), rows.stride()
        return {  # in one operation each, which takes half the time of a slice and a view of it
            name: rows.as_strided(
                (len(rows), *shape), (step, *(next_entry * one for one in steps)), first + next_entry * start
            )
            for (name, (shape, steps)), start, end in zip(self._shapes.items(), self.starts, self.ends, strict=True)
            if end <= rows.shape[1]
        }


def _dense_steps(shape: tuple[int, ...]) -> tuple[int, ...]:
    """How far the next entry is along each axis, where entries lie in a row."""
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


class Leaves:
    """Parameters in `rows` [member, entry] as `values` of a graph, by name and in the network's order.

    `into` is where their gradients belong, by name: views of `gradients`, other rows.
    """

    def __init__(self, flat: Flat, rows: Tensor):
        self.flat, self.rows, self.gradients = flat, rows, torch.zeros_like(rows)
        views, self.into = flat.views(rows), flat.views(self.gradients)
        self.values = {name: views[name].detach().requires_grad_() for name in map(flat.names.__getitem__, flat.order)}

    def take(self, gradients: Mapping[str, Tensor]) -> None:
        """Puts gradients, by name, where they belong unless they lie there."""
        pairs = [(self.into[name], one) for name, one in gradients.items()]
        pairs = [(place, one) for place, one in pairs if one.data_ptr() != place.data_ptr()]
        if pairs:
            torch._foreach_copy_([place for place, _ in pairs], [one for _, one in pairs])

    def in_float64(self) -> "Leaves":
        """The same values with all their digits, and no gradients yet."""
        return Leaves(self.flat, self.rows.double())


class Buffers:
    """What networks remember beside their parameters, by name in `views` [member, ...]: of rows, written in place."""

    def __init__(self, buffers: Sequence[Parameter], values: Mapping[str, Tensor]):
        self._flat = Flat(buffers)
        self._rows = self._flat.rows(values) if buffers else None
        self._next = self._rows
        self.views = {} if self._rows is None else self._flat.views(self._rows)

    def look_at(self, updates: Mapping[str, Tensor], members: int) -> Tensor:
        """Keeps what a pass changed until `settle`; [buffer, member] marks what is not finite."""
        if self._rows is None:
            return torch.zeros(0, members, dtype=torch.bool)
        self._next = self._rows.clone()
        places = self._flat.views(self._next)
        if updates:
            torch._foreach_copy_([places[name] for name in updates], list(updates.values()))
        return not_finite(places[name] for name in self.views)

    def settle(self, alive: Tensor) -> None:
        """Takes what was looked at, of the members that are alive after the step."""
        if self._rows is not None and self._next is not None:
            self._rows.copy_(torch.where(alive.unsqueeze(1), self._next, self._rows))


def not_finite(tensors: Iterable[Tensor]) -> Tensor:
    """Which of these tensors [member, ...] is not finite, [tensor, member]."""
    return torch.stack([~tensor.isfinite().reshape(len(tensor), -1).all(1) for tensor in tensors])
