"""A perceptron in machine code: one call forward and one back for all its layers, member by member.

What one member needs stays in the cache. `sizes` are the features of the inputs, of each hidden layer and of the
outputs; arrays are flat:

- inputs [member, batch, feature], and output and its gradient [member, batch, class]
- hidden [member, feature of all layers, column]: the batch, padded to whole tiles

Parameters and their gradients are told by the addresses of their first members and the steps from member to member (in
entries), [weight or bias, layer]. All are of one dtype, that of `hidden`.
"""

import numpy as np

from gradstudy.kernels import lanes
from gradstudy.kernels.compiled import compiled_freely
from gradstudy.kernels.rules import activate, to_slope
from gradstudy.kernels.tiles import TILE, multiply, transpose


@compiled_freely
def chain_forward(chain, inputs, entered, hidden, output):  # type: ignore[no-untyped-def]
    """Fills `hidden` and `output`, and `entered` with what enters the activations, unless it is empty.

    A chain is the rule of its activation and that one's coefficients [member], parameters, `sizes`, and how many
    samples and columns there are.
    """
    rule, coefficients, places, steps, sizes, batch, columns = chain
    last, first, classes, size = len(sizes) - 2, sizes[0], sizes[-1], hidden.itemsize
    entering = np.zeros(first * columns, hidden.dtype)
    leaving = np.empty(classes * columns, hidden.dtype)
    at = 0
    for m in range(len(coefficients)):
        transpose(inputs, m * batch * first, first, batch, first, entering, 0, columns)
        x, x_at = entering, 0
        for k in range(last + 1):
            before, after = sizes[k], sizes[k + 1]
            weight = lanes.array_at(places[0, k] + size * m * steps[0, k], after * before, hidden)
            bias = lanes.array_at(places[1, k] + size * m * steps[1, k], after, hidden)
            if k == last:
                multiply(weight, 0, before, 1, before, x, x_at, columns, bias, leaving, 0, columns, after, columns)
            else:
                multiply(weight, 0, before, 1, before, x, x_at, columns, bias, hidden, at, columns, after, columns)
                end = at + after * columns
                here, kept = hidden[at:end], entered[at:end]
                for i in range(kept.size):
                    kept[i] = here[i]
                activate(rule, coefficients[m], here)
                x, x_at, at = hidden, at, end
        transpose(leaving, 0, columns, classes, batch, output, m * batch * classes, classes)


@compiled_freely
def chain_backward(chain, inputs, hidden, gradient, norms, made, made_steps):  # type: ignore[no-untyped-def]
    """Writes the gradients of all parameters to the places `made`, and those of all z over the `hidden` values of them.

    And their Euclidean norms, as plain sums of squares in float64, to `norms` [hidden layer, member]. From the last
    member on: its hidden values are in the cache still.
    """
    rule, coefficients, places, steps, sizes, batch, columns = chain
    first, classes, widest, size, dtype = sizes[0], sizes[-1], sizes.max(), hidden.itemsize, hidden.dtype
    wide = -(-widest // TILE) * TILE
    sent, passed = np.zeros(classes * columns, dtype), np.empty(widest * columns, dtype)
    turned, outer = np.zeros(columns * wide, dtype), np.empty(widest * wide, dtype)
    zeros, one = np.zeros(widest, dtype), np.ones(1, dtype)
    at = hidden.size
    for m in range(len(coefficients) - 1, -1, -1):
        transpose(gradient, m * batch * classes, classes, batch, classes, sent, 0, columns)
        d, d_at = sent, 0
        for k in range(len(sizes) - 2, -1, -1):
            before, after = sizes[k], sizes[k + 1]
            x, x_at, x_step = turned, 0, wide
            if k:
                at -= before * columns
                transpose(hidden, at, columns, before, batch, turned, 0, wide)
            elif first % TILE:
                for b in range(batch):
                    for i in range(first):
                        turned[b * wide + i] = inputs[(m * batch + b) * first + i]
            else:
                x, x_at, x_step = inputs, m * batch * first, first
            of_weight = lanes.array_at(made[0, k] + size * m * made_steps[0, k], after * before, hidden)
            of_bias = lanes.array_at(made[1, k] + size * m * made_steps[1, k], after, hidden)
            if before % TILE:
                tiled = -(-before // TILE) * TILE
                multiply(d, d_at, columns, 1, batch, x, x_at, x_step, zeros, outer, 0, wide, after, tiled)
                for i in range(after):
                    for j in range(before):
                        of_weight[i * before + j] = outer[i * wide + j]
            else:
                multiply(d, d_at, columns, 1, batch, x, x_at, x_step, zeros, of_weight, 0, before, after, before)
            for i in range(after):
                total = lanes.nothing(hidden)
                for b in range(d_at + i * columns, d_at + (i + 1) * columns, 8):  # 0 where there is no sample
                    total = lanes.add_product(total, lanes.spread(one, 0), lanes.load(d, b))
                of_bias[i] = lanes.total(total)
            if k:
                weight = lanes.array_at(places[0, k] + size * m * steps[0, k], after * before, hidden)
                multiply(weight, 0, 1, before, after, d, d_at, columns, zeros, passed, 0, columns, before, columns)
                here = hidden[at : at + before * columns]
                to_slope(rule, coefficients[m], here)
                for i in range(before * columns):
                    here[i] *= passed[i]
                for i in range(0, before * columns, columns):
                    for b in range(i + batch, i + columns):  # where a weight is inf, what is no sample is no number
                        here[b] = 0
                squares = 0.0
                for i in range(before * columns):
                    number = np.float64(here[i])
                    squares += number * number
                norms[k - 1, m] = np.sqrt(squares)
                d, d_at = hidden, at
