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
def mend_norms(address, like, shape, steps, low, high, found):  # type: ignore[no-untyped-def]
    """Takes again, with the largest entry as the unit, those norms in `found` that are not between `low` and `high`.

    There squares may have left the range; nan stays. The rest is as for `norm_of_places`.
    """
    places, members, rows, entries = shape
    for member in range(members):
        for place in range(places):
            norm, first = found[place, member], member * steps[1] + place * steps[0]
            if low < norm < high or np.isnan(norm):
                continue
            largest, total = 0.0, 0.0
            for row in range(rows):
                values = array_at(address + like.itemsize * (first + row * steps[2]), entries, like)
                for entry in range(entries):
                    largest = max(largest, abs(np.float64(values[entry])))
            if 0 < largest < np.inf:
                for row in range(rows):
                    values = array_at(address + like.itemsize * (first + row * steps[2]), entries, like)
                    for entry in range(entries):
                        part = np.float64(values[entry]) / largest
                        total += part * part
                largest *= np.sqrt(total)
            found[place, member] = largest
