"""Which units of a nonlinearity are flat, where its slope follows from its value: in one look at each value.

Autograd would go back through every application, twice a pass.
"""

import numpy as np

from gradstudy.kernels.compiled import compiled
from gradstudy.kernels.rules import to_slope


@compiled
def look_at_slopes(rule, coefficients, values, first, row, count, limits, awake, flat):  # type: ignore[no-untyped-def]
    """Marks in `awake` [member, unit] whose slope is not 0, and adds to `flat` [member] what is below `limits` in size.

    `values` are [member, sample, row, entry]: from the `first` sample on, a unit in a row, from that `row` on, of which
    the first `count` entries are looked at.
    """
    members, samples, rows, entries = values.shape
    units = awake.shape[1]
    slope, every = np.empty(units * entries, values.dtype), values.reshape(-1)
    for m in range(members):
        limit, below = limits[m], 0
        for s in range(first, samples):
            start = ((m * samples + s) * rows + row) * entries
            slope[:] = every[start : start + units * entries]
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
