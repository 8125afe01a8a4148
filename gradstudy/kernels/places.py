"""Norms of what is read where it lies, in float64: a copy would take longer than the sums do.

Many tensors [member, ...] are told by `there`, [2, tensor]: the addresses of their first members, and how far the next
ones are, in entries of the dtype of `like`.
"""

import numpy as np

from gradstudy.kernels.compiled import compiled_freely, inlined
from gradstudy.kernels.lanes import array_at


@compiled_freely
def norm_of_places(address, like, shape, steps, found):  # type: ignore[no-untyped-def]
    """Writes the Euclidean norm at each place of each member to `found` [place, member], in float64.

    `shape` is [place, member, row, entry], and `steps` are how far the next one of each is, in entries of the dtype of
    `like`; those of a row lie densely. Members are outside: their places mostly lie behind each other.
    """
    places, members, rows, entries = shape
    if steps[2] == entries:
        rows, entries = 1, rows * entries
    for member in range(members):
        for place in range(places):
            first, total = member * steps[1] + place * steps[0], 0.0
            for row in range(rows):
                values = array_at(address + like.itemsize * (first + row * steps[2]), entries, like)
                for entry in range(entries):
                    wide = np.float64(values[entry])
                    total += wide * wide
            found[place, member] = np.sqrt(total)


@compiled_freely
def lengths_of_steps(old, new, like, entries, found):  # type: ignore[no-untyped-def]
    """Writes |new - old| / |old| of so many entries of each member of these tensors to `found` [tensor, member]."""
    for tensor in range(len(entries)):
        for member in range(found.shape[1]):
            before = _row(old, tensor, member, entries[tensor], like)
            after = _row(new, tensor, member, entries[tensor], like)
            moved, size = 0.0, 0.0
            for entry in range(entries[tensor]):
                wide = np.float64(before[entry])
                step = np.float64(after[entry]) - wide
                moved += step * step
                size += wide * wide
            found[tensor, member] = np.sqrt(moved) / np.sqrt(size)


@compiled_freely
def shares_marked(marks, like, entries, found):  # type: ignore[no-untyped-def]
    """Writes which part of so many entries of each member of these tensors is not 0 to `found` [tensor, member]."""
    for tensor in range(len(entries)):
        for member in range(found.shape[1]):
            marked, count = _row(marks, tensor, member, entries[tensor], like), 0
            for entry in range(entries[tensor]):
                count += marked[entry] != 0
            found[tensor, member] = count / entries[tensor]


@compiled_freely
def products_of_both(there, like, entries, found):  # type: ignore[no-untyped-def]
    """Writes |a|^2, |b|^2 and a b of so many entries of each member of two tensors a and b to `found` [3, member]."""
    for member in range(found.shape[1]):
        a, b = _row(there, 0, member, entries, like), _row(there, 1, member, entries, like)
        of_a, of_b, of_both = 0.0, 0.0, 0.0
        for entry in range(entries):
            of_a += a[entry] * a[entry]
            of_b += b[entry] * b[entry]
            of_both += a[entry] * b[entry]
        found[0, member], found[1, member], found[2, member] = of_a, of_b, of_both


@inlined
def _row(there, tensor, member, entries, like):  # type: ignore[no-untyped-def]
    return array_at(there[0, tensor] + like.itemsize * member * there[1, tensor], entries, like)
