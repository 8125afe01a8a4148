"""Products of matrices that fit into the cache, in tiles whose sums stay in registers.

A matrix is a flat array, where it begins, and how far its next row is: `x, at, step`.
"""

from gradstudy.kernels import lanes
from gradstudy.kernels.compiled import compiled_in_order

TILE = 16
"""Columns of a matrix that are computed together: rows are padded to a multiple of that by who makes them."""


@compiled_in_order
def multiply(matrix, at, step, next_column, inner, x, x_at, x_step, start, y, y_at, y_step, rows, columns):  # type: ignore[no-untyped-def]
    """The first `rows` and `columns` of y = matrix x + start, summed over `inner` columns of the matrix.

    `next_column` is how far those are: with it and `step` exchanged the matrix is transposed. Four rows at a time;
    where they are no multiple of four, the last is computed again.
    """
    last = rows - 1
    for i in range(0, rows, 4):  # outside, as the matrix and y come from far away more often than x
        for b in range(0, columns, TILE):
            i1, i2, i3 = min(i + 1, last), min(i + 2, last), min(i + 3, last)
            p0 = p1 = lanes.spread(start, i)
            q0 = q1 = lanes.spread(start, i1)
            r0 = r1 = lanes.spread(start, i2)
            s0 = s1 = lanes.spread(start, i3)
            p, q, r, s = at + i * step, at + i1 * step, at + i2 * step, at + i3 * step
            here = x_at + b
            for j in range(inner):
                x0, x1 = lanes.load(x, here + j * x_step), lanes.load(x, here + j * x_step + 8)
                w = lanes.spread(matrix, p + j * next_column)
                p0, p1 = lanes.add_product(p0, w, x0), lanes.add_product(p1, w, x1)
                w = lanes.spread(matrix, q + j * next_column)
                q0, q1 = lanes.add_product(q0, w, x0), lanes.add_product(q1, w, x1)
                w = lanes.spread(matrix, r + j * next_column)
                r0, r1 = lanes.add_product(r0, w, x0), lanes.add_product(r1, w, x1)
                w = lanes.spread(matrix, s + j * next_column)
                s0, s1 = lanes.add_product(s0, w, x0), lanes.add_product(s1, w, x1)
            there = y_at + b
            lanes.store(y, there + i * y_step, p0)
            lanes.store(y, there + i * y_step + 8, p1)
            lanes.store(y, there + i1 * y_step, q0)
            lanes.store(y, there + i1 * y_step + 8, q1)
            lanes.store(y, there + i2 * y_step, r0)
            lanes.store(y, there + i2 * y_step + 8, r1)
            lanes.store(y, there + i3 * y_step, s0)
            lanes.store(y, there + i3 * y_step + 8, s1)


@compiled_in_order
def transpose(x, at, step, rows, columns, y, y_at, y_step):  # type: ignore[no-untyped-def]
    """Writes the first `rows` and `columns` of x to y, transposed, in blocks whose last ones overlap."""
    if rows < 8 or columns < 8:
        for i in range(rows):
            for j in range(columns):
                y[y_at + j * y_step + i] = x[at + i * step + j]
        return
    for row in range(0, rows, 8):
        i = min(row, rows - 8)
        for column in range(0, columns, 8):
            j = min(column, columns - 8)
            lanes.turn(x, at + i * step + j, step, y, y_at + j * y_step + i, y_step)
