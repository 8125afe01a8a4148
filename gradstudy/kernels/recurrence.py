"""A layer of recurrent cells over all time steps in machine code: one call forward, one call back.

Member by member: its weights, and what a time step needs, stay in the cache. In every matrix a row is a feature and
runs along the batch; batches are padded to whole tiles of 16, features (those of each gate) to a multiple of four.
`sizes` are members, time steps, units, the rows of what enters a step, the batch, and how many units are not padding.
Arrays are flat:

- matrix [member, gates * unit, entering]: all parameters, which map what enters a step to its gates
- back [member, unit + input, gates * unit]: the same transposed, without the biases; x_t where `onward` has room
- states [member, time + 1, entering, batch]: what enters, h_{t-1}, then ones, then x_t
- kept [member, time, ..., batch]: what else a step leaves for its way back; of an rnn nothing
- signal [member, time, unit, batch]: dL/dh_t. Going back fills it from what it has at the last step, or with `adds` on
  top of what it has at every step; `cell_signal` is the same of the LSTM's c_t
- squares [h_t or c_t, member, time]: the sum of those of dL/dh_t, or dL/dc_t, in float64, taken while they are at hand
- gradient: of the matrix. onward [member, time, input, batch]: of x_t

Backwards in time no processor fetches memory ahead by itself; asked to, it takes a third less.
"""

import numpy as np
from numpy import float32 as f4

from gradstudy.kernels import lanes
from gradstudy.kernels.compiled import by_type, compiled_freely, compiled_in_order
from gradstudy.kernels.hyperbolic import sigmoid_of
from gradstudy.kernels.rules import activate, to_slope


@compiled_in_order
def rnn_forward(sizes, rule, coefficients, matrix, inputs, states, kept):  # type: ignore[no-untyped-def]
    """h = phi(W h + b + V x)."""
    members, length, units, entering, batch, width = sizes
    n, block = units * batch, entering * batch
    for m in range(members):
        weights = m * units * entering
        for t in range(length):
            here = (m * (length + 1) + t) * block
            _enter(inputs, m, t, states, here, n, batch)
            next_ = here + block
            _multiply(matrix, weights, units, entering, entering, states, here, states, next_, batch, False)
            activate(rule, coefficients[m], states[next_ : next_ + n])
            _clear(states, next_, 1, n, width * batch)


@compiled_in_order
def rnn_backward(sizes, rule, coefficients, back, states, kept, signal, cell_signal, squares, gradient, onward, adds):  # type: ignore[no-untyped-def]
    members, length, units, entering, batch, width = sizes
    n, block, inputs = units * batch, entering * batch, onward.size // (members * length)
    sums, d = np.empty(units * entering * 8, states.dtype), np.empty(n, states.dtype)
    for m in range(members):
        weights = m * (n + inputs) // batch * units
        sums[:] = f4(0)
        for t in range(length - 1, -1, -1):
            here, now = (m * (length + 1) + t) * block, (m * length + t) * n
            _fetch(states, here - block, here, t)
            _fetch(signal, now - 2 * n, now - n, t - 1)
            sent = signal[now : now + n]
            _copy(states[here + block : here + block + n], d)
            to_slope(rule, coefficients[m], d)
            _scale(d, sent)
            squares[m * length + t] = _square(sent[: width * batch])
            _add_outer(d, 0, units, states, here, entering, sums, 0, entering, batch)
            if t:
                _multiply(back, weights, units, units, units, d, 0, signal, now - n, batch, adds)
                _clear(signal, now - n, 1, n, width * batch)
            _send_on(back, weights, units, units, d, onward, (m * length + t) * inputs, inputs, batch)
        _add_lanes(sums, gradient, m * units * entering)


@compiled_in_order
def lstm_forward(sizes, rule, coefficients, matrix, inputs, states, kept):  # type: ignore[no-untyped-def]
    """c = f c + i phi(g), h = o phi(c); kept are i, f, phi(g), o, c and phi(c)."""
    members, length, units, entering, batch, width = sizes
    n, block = units * batch, entering * batch
    start = np.zeros(n, states.dtype)
    for m in range(members):
        for t in range(length):
            here, now = (m * (length + 1) + t) * block, (m * length + t) * 6 * n
            _enter(inputs, m, t, states, here, n, batch)
            _multiply(
                matrix, m * 4 * units * entering, 4 * units, entering, entering, states, here, kept, now, batch, False
            )
            _to_sigmoid(kept[now : now + 2 * n])
            activate(rule, coefficients[m], kept[now + 2 * n : now + 3 * n])
            _to_sigmoid(kept[now + 3 * n : now + 4 * n])
            before = kept[now - 2 * n : now - n] if t else start
            entry, forget = kept[now : now + n], kept[now + n : now + 2 * n]
            candidate, leave = kept[now + 2 * n : now + 3 * n], kept[now + 3 * n : now + 4 * n]
            memory, shown = kept[now + 4 * n : now + 5 * n], kept[now + 5 * n : now + 6 * n]
            for e in range(n):
                memory[e] = forget[e] * before[e] + entry[e] * candidate[e]
            _copy(memory, shown)
            activate(rule, coefficients[m], shown)
            hidden = states[here + block : here + block + n]
            for e in range(n):
                hidden[e] = leave[e] * shown[e]
            _clear(kept, now, 6, n, width * batch)
            _clear(states, here + block, 1, n, width * batch)


@compiled_in_order
def lstm_backward(sizes, rule, coefficients, back, states, kept, signal, cell_signal, squares, gradient, onward, adds):  # type: ignore[no-untyped-def]
    members, length, units, entering, batch, width = sizes
    n, block, inputs, rows = units * batch, entering * batch, onward.size // (members * length), 4 * units
    sums, d, start = (
        np.empty(rows * entering * 8, states.dtype),
        np.empty(4 * n, states.dtype),
        np.zeros(n, states.dtype),
    )
    d_entry, d_forget, d_candidate, d_leave = d[:n], d[n : 2 * n], d[2 * n : 3 * n], d[3 * n :]
    for m in range(members):
        weights = m * (n + inputs) // batch * rows
        sums[:] = f4(0)
        cell_signal[(m + 1) * length * n - n : (m + 1) * length * n] = f4(0)
        for t in range(length - 1, -1, -1):
            here, now, at = (m * (length + 1) + t) * block, (m * length + t) * n, (m * length + t) * 6 * n
            _fetch(states, here - block, here, t)
            _fetch(kept, at - 6 * n, at, t)
            _fetch(signal, now - 2 * n, now - n, t - 1)
            _fetch(cell_signal, now - 2 * n, now - n, t - 1)
            entry, forget = kept[at : at + n], kept[at + n : at + 2 * n]
            candidate, leave = kept[at + 2 * n : at + 3 * n], kept[at + 3 * n : at + 4 * n]
            shown, before = kept[at + 5 * n : at + 6 * n], kept[at - 2 * n : at - n] if t else start
            sent, sent_to_cell = signal[now : now + n], cell_signal[now : now + n]
            _copy(shown, d_entry)
            to_slope(rule, coefficients[m], d_entry)
            for e in range(n):
                sent_to_cell[e] += sent[e] * leave[e] * d_entry[e]
            for e in range(n):
                d_leave[e] = sent[e] * shown[e] * (leave[e] * (f4(1) - leave[e]))
            _copy(candidate, d_candidate)
            to_slope(rule, coefficients[m], d_candidate)
            for e in range(n):
                d_candidate[e] *= sent_to_cell[e] * entry[e]
            for e in range(n):
                d_entry[e] = sent_to_cell[e] * candidate[e] * (entry[e] * (f4(1) - entry[e]))
            for e in range(n):
                d_forget[e] = sent_to_cell[e] * before[e] * (forget[e] * (f4(1) - forget[e]))
            squares[m * length + t] = _square(sent[: width * batch])
            squares[(members + m) * length + t] = _square(sent_to_cell[: width * batch])
            _add_outer(d, 0, rows, states, here, entering, sums, 0, entering, batch)
            if t:
                sent_to_cell_before = cell_signal[now - n : now]
                for e in range(n):
                    sent_to_cell_before[e] = sent_to_cell[e] * forget[e]
                _multiply(back, weights, units, rows, rows, d, 0, signal, now - n, batch, adds)
                _clear(signal, now - n, 1, n, width * batch)
            _send_on(back, weights, units, rows, d, onward, (m * length + t) * inputs, inputs, batch)
        _add_lanes(sums, gradient, m * rows * entering)


@compiled_in_order
def gru_forward(sizes, rule, coefficients, matrix, inputs, states, kept):  # type: ignore[no-untyped-def]
    """h = n + u (h - n) with n = phi(what x gives + r * what h gives); kept are r, u, what h gives, and n.

    The four blocks of rows are those of r, of u, of what h gives and of what x gives; each has its own bias.
    """
    members, length, units, entering, batch, width = sizes
    n, block = units * batch, entering * batch
    for m in range(members):
        for t in range(length):
            here, now = (m * (length + 1) + t) * block, (m * length + t) * 4 * n
            _enter(inputs, m, t, states, here, n, batch)
            gates = m * 4 * units * entering
            from_h, from_x = gates + 2 * units * entering, gates + 3 * units * entering + units
            _multiply(matrix, gates, 2 * units, entering, entering, states, here, kept, now, batch, False)
            _multiply(matrix, from_h, units, units + 1, entering, states, here, kept, now + 2 * n, batch, False)
            _multiply(
                matrix, from_x, units, entering - units, entering, states, here + n, kept, now + 3 * n, batch, False
            )
            _to_sigmoid(kept[now : now + 2 * n])
            reset, update = kept[now : now + n], kept[now + n : now + 2 * n]
            given, new = kept[now + 2 * n : now + 3 * n], kept[now + 3 * n : now + 4 * n]
            for e in range(n):
                new[e] += reset[e] * given[e]
            activate(rule, coefficients[m], new)
            before, hidden = states[here : here + n], states[here + block : here + block + n]
            for e in range(n):
                hidden[e] = new[e] + update[e] * (before[e] - new[e])
            _clear(kept, now, 4, n, width * batch)
            _clear(states, here + block, 1, n, width * batch)


@compiled_in_order
def gru_backward(sizes, rule, coefficients, back, states, kept, signal, cell_signal, squares, gradient, onward, adds):  # type: ignore[no-untyped-def]
    members, length, units, entering, batch, width = sizes
    n, block, inputs, rows = units * batch, entering * batch, onward.size // (members * length), 4 * units
    sums, d = np.empty(rows * entering * 8, states.dtype), np.empty(4 * n, states.dtype)
    d_reset, d_update, d_given, d_new = d[:n], d[n : 2 * n], d[2 * n : 3 * n], d[3 * n :]
    for m in range(members):
        weights = m * (n + inputs) // batch * rows
        sums[:] = f4(0)
        for t in range(length - 1, -1, -1):
            here, now, at = (m * (length + 1) + t) * block, (m * length + t) * n, (m * length + t) * 4 * n
            _fetch(states, here - block, here, t)
            _fetch(kept, at - 4 * n, at, t)
            _fetch(signal, now - 2 * n, now - n, t - 1)
            reset, update = kept[at : at + n], kept[at + n : at + 2 * n]
            given, new = kept[at + 2 * n : at + 3 * n], kept[at + 3 * n : at + 4 * n]
            before, sent = states[here : here + n], signal[now : now + n]
            _copy(new, d_new)
            to_slope(rule, coefficients[m], d_new)
            for e in range(n):
                d_new[e] *= sent[e] * (f4(1) - update[e])
            for e in range(n):
                d_update[e] = sent[e] * (before[e] - new[e]) * (update[e] * (f4(1) - update[e]))
            for e in range(n):
                d_given[e] = d_new[e] * reset[e]
            for e in range(n):
                d_reset[e] = d_new[e] * given[e] * (reset[e] * (f4(1) - reset[e]))
            squares[m * length + t] = _square(sent[: width * batch])
            _add_outer(d, 0, 3 * units, states, here, units + 1, sums, 0, entering, batch)
            after_h, features = units + 1, entering - units - 1
            _add_outer(d, 0, 2 * units, states, here + n + batch, features, sums, after_h, entering, batch)
            own = 3 * units * entering + units
            _add_outer(d, 3 * n, units, states, here + n, features + 1, sums, own, entering, batch)
            if t:
                sent_before = signal[now - n : now]
                if not adds:
                    sent_before[:] = f4(0)
                for e in range(n):
                    sent_before[e] += sent[e] * update[e]
                _multiply(back, weights, units, 3 * units, rows, d, 0, signal, now - n, batch, True)
                _clear(signal, now - n, 1, n, width * batch)
            _send_on(back, weights, units, rows, d, onward, (m * length + t) * inputs, inputs, batch)
        _add_lanes(sums, gradient, m * rows * entering)


@compiled_in_order
def _multiply_32(matrix, at, rows, columns, wide, x, x_at, y, y_at, batch, adds):  # type: ignore[no-untyped-def]
    """y = A x, or y + A x, in tiles of 4 x 16 whose sums are registers; A is a block in a matrix so many `wide`."""
    nothing = lanes.nothing(y)
    for b in range(0, batch, 16):
        for i in range(0, rows, 4):
            p0 = p1 = q0 = q1 = r0 = r1 = s0 = s1 = nothing
            p, xs = y_at + i * batch + b, x_at + b
            q, r, s = p + batch, p + 2 * batch, p + 3 * batch
            if adds:
                p0, p1, q0, q1 = lanes.load(y, p), lanes.load(y, p + 8), lanes.load(y, q), lanes.load(y, q + 8)
                r0, r1, s0, s1 = lanes.load(y, r), lanes.load(y, r + 8), lanes.load(y, s), lanes.load(y, s + 8)
            for k in range(at + i * wide, at + i * wide + columns):
                x0, x1 = lanes.load(x, xs), lanes.load(x, xs + 8)
                xs += batch
                w = lanes.spread(matrix, k)
                p0, p1 = lanes.add_product(p0, w, x0), lanes.add_product(p1, w, x1)
                w = lanes.spread(matrix, k + wide)
                q0, q1 = lanes.add_product(q0, w, x0), lanes.add_product(q1, w, x1)
                w = lanes.spread(matrix, k + 2 * wide)
                r0, r1 = lanes.add_product(r0, w, x0), lanes.add_product(r1, w, x1)
                w = lanes.spread(matrix, k + 3 * wide)
                s0, s1 = lanes.add_product(s0, w, x0), lanes.add_product(s1, w, x1)
            lanes.store(y, p, p0)
            lanes.store(y, p + 8, p1)
            lanes.store(y, q, q0)
            lanes.store(y, q + 8, q1)
            lanes.store(y, r, r0)
            lanes.store(y, r + 8, r1)
            lanes.store(y, s, s0)
            lanes.store(y, s + 8, s1)


@compiled_in_order
def _multiply_64(matrix, at, rows, columns, wide, x, x_at, y, y_at, batch, adds):  # type: ignore[no-untyped-def]
    """The same in tiles of 4 x 8: eight lanes take two registers."""
    nothing = lanes.nothing(y)
    for b in range(0, batch, 8):
        for i in range(0, rows, 4):
            p = q = r = s = nothing
            here, xs = y_at + i * batch + b, x_at + b
            if adds:
                p, q = lanes.load(y, here), lanes.load(y, here + batch)
                r, s = lanes.load(y, here + 2 * batch), lanes.load(y, here + 3 * batch)
            for k in range(at + i * wide, at + i * wide + columns):
                entering = lanes.load(x, xs)
                xs += batch
                p = lanes.add_product(p, lanes.spread(matrix, k), entering)
                q = lanes.add_product(q, lanes.spread(matrix, k + wide), entering)
                r = lanes.add_product(r, lanes.spread(matrix, k + 2 * wide), entering)
                s = lanes.add_product(s, lanes.spread(matrix, k + 3 * wide), entering)
            lanes.store(y, here, p)
            lanes.store(y, here + batch, q)
            lanes.store(y, here + 2 * batch, r)
            lanes.store(y, here + 3 * batch, s)


_multiply = by_type(_multiply_32, _multiply_64)


@compiled_in_order
def _add_outer_32(d, d_at, rows, x, x_at, columns, sums, at, wide, batch):  # type: ignore[no-untyped-def]
    """Adds d x^T to a block of `sums`, eight lanes for each of its entries: they are added up once, at the end."""
    whole = batch // 32 * 32
    for i in range(0, rows, 2):
        for b in range(0, whole, 32):
            k, xs, p = 8 * (at + i * wide), x_at + b, d_at + i * batch + b
            p0, p1, p2, p3 = lanes.load(d, p), lanes.load(d, p + 8), lanes.load(d, p + 16), lanes.load(d, p + 24)
            p += batch
            q0, q1, q2, q3 = lanes.load(d, p), lanes.load(d, p + 8), lanes.load(d, p + 16), lanes.load(d, p + 24)
            for _ in range(columns):
                x0, x1, x2, x3 = (
                    lanes.load(x, xs),
                    lanes.load(x, xs + 8),
                    lanes.load(x, xs + 16),
                    lanes.load(x, xs + 24),
                )
                one, two = lanes.load(sums, k), lanes.load(sums, k + 8 * wide)
                one, two = lanes.add_product(one, p0, x0), lanes.add_product(two, q0, x0)
                one, two = lanes.add_product(one, p1, x1), lanes.add_product(two, q1, x1)
                one, two = lanes.add_product(one, p2, x2), lanes.add_product(two, q2, x2)
                one, two = lanes.add_product(one, p3, x3), lanes.add_product(two, q3, x3)
                lanes.store(sums, k, one)
                lanes.store(sums, k + 8 * wide, two)
                k, xs = k + 8, xs + batch
        for b in range(whole, batch, 8):
            k, xs, p = 8 * (at + i * wide), x_at + b, d_at + i * batch + b
            p0, q0 = lanes.load(d, p), lanes.load(d, p + batch)
            for _ in range(columns):
                x0 = lanes.load(x, xs)
                lanes.store(sums, k, lanes.add_product(lanes.load(sums, k), p0, x0))
                lanes.store(sums, k + 8 * wide, lanes.add_product(lanes.load(sums, k + 8 * wide), q0, x0))
                k, xs = k + 8, xs + batch


@compiled_in_order
def _add_outer_64(d, d_at, rows, x, x_at, columns, sums, at, wide, batch):  # type: ignore[no-untyped-def]
    """The same, half as many samples at a time."""
    for i in range(0, rows, 2):
        for b in range(0, batch, 16):
            k, xs, p = 8 * (at + i * wide), x_at + b, d_at + i * batch + b
            p0, p1 = lanes.load(d, p), lanes.load(d, p + 8)
            q0, q1 = lanes.load(d, p + batch), lanes.load(d, p + batch + 8)
            for _ in range(columns):
                x0, x1 = lanes.load(x, xs), lanes.load(x, xs + 8)
                one, two = lanes.load(sums, k), lanes.load(sums, k + 8 * wide)
                one, two = lanes.add_product(one, p0, x0), lanes.add_product(two, q0, x0)
                one, two = lanes.add_product(one, p1, x1), lanes.add_product(two, q1, x1)
                lanes.store(sums, k, one)
                lanes.store(sums, k + 8 * wide, two)
                k, xs = k + 8, xs + batch


_add_outer = by_type(_add_outer_32, _add_outer_64)


@compiled_in_order
def _enter(inputs, m, t, states, here, n, batch):  # type: ignore[no-untyped-def]
    """What enters a time step beside the last state, which is 0 at first; nothing enters where there is no sample."""
    samples, features = inputs.shape[2:]
    if t == 0:
        states[here : here + n] = f4(0)
    for b in range(batch):
        states[here + n + b] = f4(1) if b < samples else f4(0)
    for j in range(features):
        at = here + n + (j + 1) * batch
        for b in range(samples):
            states[at + b] = inputs[m, t, b, j]
        for b in range(samples, batch):
            states[at + b] = f4(0)


@compiled_in_order
def _send_on(back, weights, units, rows, d, onward, to, inputs, batch):  # type: ignore[no-untyped-def]
    """dL/dx_t, where anything asks for it."""
    if inputs:
        _multiply(back, weights + units * rows, inputs // batch, rows, rows, d, 0, onward, to, batch, False)


@compiled_in_order
def _add_lanes(sums, gradient, at):  # type: ignore[no-untyped-def]
    for k in range(sums.size // 8):
        total = f4(0)
        for i in range(8 * k, 8 * k + 8):
            total += sums[i]
        gradient[at + k] = total


@compiled_in_order
def _fetch(array, start, stop, is_there):  # type: ignore[no-untyped-def]
    """Asks for what comes next, a cache line at a time."""
    if is_there > 0:
        for k in range(start, stop, 16):
            lanes.fetch(array, k)


@compiled_freely
def _square(x):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(x.size):
        wide = np.float64(x[i])
        total += wide * wide
    return total


@compiled_in_order
def _clear(array, at, blocks, size, used):  # type: ignore[no-untyped-def]
    """Writes 0 to the padding of so many blocks: a padded unit is 0 times inf else, once a real one is inf."""
    for block in range(at, at + blocks * size, size):
        for i in range(block + used, block + size):
            array[i] = 0


@compiled_in_order
def _to_sigmoid(y):  # type: ignore[no-untyped-def]
    for i in range(y.size):
        y[i] = sigmoid_of(y[i])


@compiled_in_order
def _copy(x, y):  # type: ignore[no-untyped-def]
    for i in range(y.size):
        y[i] = x[i]


@compiled_in_order
def _scale(y, x):  # type: ignore[no-untyped-def]
    for i in range(y.size):
        y[i] *= x[i]
