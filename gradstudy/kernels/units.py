"""Which units of a nonlinearity are flat, where its slope follows from its value: in one look at each value.

Autograd would go back through every application, twice a pass.
"""

import numpy as np

from gradstudy.kernels.compiled import compiled
from gradstudy.kernels.rules import to_slope


@compiled
def look_at_slopes(rule, coefficients, values, shape, first, row, count, limits, awake, flat):  # type: ignore[no-untyped-def]
    """Marks in `awake` [member, unit] whose slope is not 0, and adds to `flat` [member] what is below `limits` in size.

    `values` are flat, of that `shape` [member, sample, row, entry]: from the `first` sample on, a unit in a row, from
    that `row` on, of which the first `count` entries are looked at.
    """
    members, samples, rows, entries = shape
    units = awake.shape[1]
    slope = np.empty(units * entries, values.dtype)
    for m in range(members):
        limit, below = limits[m], 0
        for s in range(first, samples):
            start = ((m * samples + s) * rows + row) * entries
            for i in range(units * entries):
                slope[i] = values[start + i]
            to_slope(rule, coefficients[m], slope)
            for unit in range(units):
                some = 0
                for i in range(unit * entries, unit * entries + count):
                    size = abs(slope[i])
                    some += size != 0
                    below += size < limit
                if some:
                    awake[m, unit] = True
        flat[m] += below
