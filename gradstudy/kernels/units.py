"""Which units of a nonlinearity are flat, where its slope follows from its value: in one look at each value.

Autograd would go back through every application, twice a pass.
"""

import numpy as np

from gradstudy.kernels.compiled import compiled
from gradstudy.kernels.rules import to_slope


@compiled
def look_at_slopes(rule, coefficients, limits, values, shape, first, row, units, count, awake, flat):  # type: ignore[no-untyped-def]
    """Marks in `awake` [member, unit] whose slope is not 0, and adds to `flat` [member] what is below `limits` in size.

    `values` are flat, of that `shape` [member, sample, row, entry]: from the `first` sample on, one of so many `units`
    in a row, from that `row` on, of which the first `count` entries are looked at.
    """
    members, samples, rows, entries = shape
    slope = np.empty(units * entries, values.dtype)
    for m in range(members):
        limit, below = limits[m], 0
        for s in range(first, samples):
            start = ((m * samples + s) * rows + row) * entries
            here = values[start : start + units * entries]  # each loop from 0 on: it fills the lanes of a vector
            for i in range(units * entries):
                slope[i] = here[i]
            to_slope(rule, coefficients[m], slope)
            for unit in range(units):
                own, some = slope[unit * entries : unit * entries + count], 0
                for i in range(count):
                    some += own[i] != 0
                for i in range(count):
                    below += abs(own[i]) < limit
                if some:
                    awake[m, unit] = True
        flat[m] += below
