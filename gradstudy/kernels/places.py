"""Norms of what is read where it lies, in float64: a copy would take longer than the sums do."""

import numpy as np

from gradstudy.kernels.compiled import compiled_freely
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
def length_of_step(old, new, like, entries, found):  # type: ignore[no-untyped-def]
    """Writes |new - old| / |old| of each member's entries to `found` [member].

    `old` and `new` are the address of the first member's and how far the next one's are, in entries of the dtype of
    `like`.
    """
    for member in range(len(found)):
        before = array_at(old[0] + like.itemsize * member * old[1], entries, like)
        after = array_at(new[0] + like.itemsize * member * new[1], entries, like)
        moved, size = 0.0, 0.0
        for entry in range(entries):
            wide = np.float64(before[entry])
            step = np.float64(after[entry]) - wide
            moved += step * step
            size += wide * wide
        found[member] = np.sqrt(moved) / np.sqrt(size)
