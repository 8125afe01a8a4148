"""What is done to the gradients of a cohort behind the backward pass: norms, clipping, and the step of the optimizer.

Parameters, gradients and moments are rows [member, entry], in which the tensors of a member lie behind each other from
`starts[t]` to `ends[t]`. A row is read once per function, and written in place. What looks inside find in rows stands
here too.
"""

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from gradstudy.kernels.compiled import compiled, compiled_freely, inlined, leading


@compiled_freely
def norms_of_rows(rows, starts, ends, trained, found, together):  # type: ignore[no-untyped-def]
    """Writes the Euclidean norm of each tensor to `found` [tensor, member], in float64.

    And that of the first `trained` of them to `together` [member]. A square of any float32 is a number in float64, so
    that nothing vanishes or overflows.
    """
    for member in range(len(rows)):
        squares = 0.0
        for tensor in range(len(starts)):
            piece, total = rows[member, starts[tensor] : ends[tensor]], 0.0
            for entry in range(len(piece)):
                wide = np.float64(piece[entry])
                total += wide * wide
            found[tensor, member] = np.sqrt(total)
            if tensor < trained:
                squares += total
        together[member] = np.sqrt(squares)


@compiled_freely
def norm_of_slices(values, found):  # type: ignore[no-untyped-def]
    """Writes the Euclidean norm of each row of `values` [slice, entry] to `found` [slice], in float64."""
    for index in range(len(values)):
        total = 0.0
        for entry in range(values.shape[1]):
            wide = np.float64(values[index, entry])
            total += wide * wide
        found[index] = np.sqrt(total)


@compiled_freely
def lengths_of_steps(old, new, starts, ends, found):  # type: ignore[no-untyped-def]
    """Writes |new - old| / |old| of each of these tensors to `found` [tensor, member], in float64."""
    for member in range(len(old)):
        for tensor in range(len(starts)):
            before = old[member, starts[tensor] : ends[tensor]]
            after, moved, size = new[member, starts[tensor] : ends[tensor]], 0.0, 0.0
            for entry in range(len(before)):
                wide = np.float64(before[entry])
                step = np.float64(after[entry]) - wide
                moved += step * step
                size += wide * wide
            found[tensor, member] = np.sqrt(moved) / np.sqrt(size)


@compiled
def shares_marked(rows, starts, ends, found):  # type: ignore[no-untyped-def]
    """Writes which part of each of these tensors is marked, in rows of bools, to `found` [tensor, member]."""
    for member in range(len(rows)):
        for tensor in range(len(starts)):
            marks, count = rows[member, starts[tensor] : ends[tensor]], 0
            for entry in range(len(marks)):
                count += marks[entry]
            found[tensor, member] = count / len(marks)


@compiled_freely
def products_of_rows(one, other, length, found):  # type: ignore[no-untyped-def]
    """Writes |a|^2, |b|^2 and a b to `found` [3, member], where a and b are the first `length` entries of two rows."""
    for member in range(len(one)):
        a, b = one[member, :length], other[member, :length]
        of_a, of_b, of_both = 0.0, 0.0, 0.0
        for entry in range(len(a)):
            of_a += a[entry] * a[entry]
            of_b += b[entry] * b[entry]
            of_both += a[entry] * b[entry]
        found[0, member], found[1, member], found[2, member] = of_a, of_b, of_both


@compiled
def clip_rows(rows, length, factor, limit, starts, ends, norms):  # type: ignore[no-untyped-def]
    """Multiplies, in float64, each row by its `factor` [member], and cuts each entry at `limit` [member], in place.

    Of the first `length` entries, in which these tensors lie: takes their `norms` [member] anew, as norms_of_rows has
    it, in those rows that it has changed, and returns how many those are.
    """
    changed, each = 0, np.empty((len(starts), 1))
    for member in range(len(rows)):
        row, largest, cut = rows[member, :length], limit[member], 0
        if factor[member] != 1.0:
            for entry in range(len(row)):
                row[entry] = np.float32(np.float64(row[entry]) * factor[member])
        if largest < np.inf:
            for entry in range(len(row)):
                if row[entry] > largest:  # nan stays nan
                    row[entry] = largest
                    cut += 1
                elif row[entry] < -largest:
                    row[entry] = -largest
                    cut += 1
        if cut or factor[member] != 1.0:
            changed += 1
            norms_of_rows(rows[member : member + 1], starts, ends, len(starts), each, norms[member : member + 1])
    return changed


@cache
def stepping(rule: Callable[..., Any], moments: int, coefficients: int, decay: Callable[..., Any], shares: int) -> Any:
    """The compiled step of an optimizer's `rule` behind the rule of a `decay`, with so many coefficients each.

    It moves the rows of the members that are `alive` and stay finite, with their moments; of the others it marks in
    `bad` [tensor, member] what would not be finite, and returns how many tensors those are.
    """
    stepped, decayed, both = inlined(_with_numpy(rule)), inlined(_with_numpy(decay)), moments == 2

    def step(parameters, gradients, first, second, given, kept, alive, starts, ends, old, bad):  # type: ignore[no-untyped-def]
        # `old` is room for what is moved of one row; `second` is `first` where there is but one moment
        marked = 0
        for member in range(len(parameters)):
            if not alive[member]:
                continue
            of_rule, of_decay = leading(given[member], coefficients), leading(kept[member], shares)
            carried = np.int32(0)
            for entry in range(len(old)):
                here, one = parameters[member, entry], first[member, entry]
                old[entry] = here
                slope = decayed(here, gradients[member, entry], *of_decay)
                if both:
                    here, one, two = stepped(here, slope, one, second[member, entry], *of_rule)
                    second[member, entry] = two
                else:
                    here, one = stepped(here, slope, one, *of_rule)
                first[member, entry], parameters[member, entry] = one, here
                carried = np.int32(carried | carried_exponent(here))
            if carried < 0:
                before = marked
                for tensor in range(len(starts)):
                    if not is_finite(parameters[member, starts[tensor] : ends[tensor]]):
                        bad[tensor, member] = True
                        marked += 1
                for entry in range(len(old)):  # all of it, or what lies between two tensors: 0 / 0 where eps is 0
                    if marked > before or not np.isfinite(parameters[member, entry]):
                        parameters[member, entry] = old[entry]
        return marked

    return compiled(step)


@compiled
def is_finite(row):  # type: ignore[no-untyped-def]
    carried = np.int32(0)
    for entry in range(len(row)):
        carried = np.int32(carried | carried_exponent(row[entry]))
    return carried >= 0


@compiled
def carried_exponent(number):  # type: ignore[no-untyped-def]
    """Negative where a float32 is not finite: its exponent is all ones, and one more is carried into the sign.

    In 32 bits all the way, as wide as the number: where it grows to 64, a step takes twice as long.
    """
    return np.int32(np.int32(np.float32(number).view(np.int32) & np.int32(0x7FFFFFFF)) + np.int32(0x00800000))


def _with_numpy(rule: Callable[..., Any]) -> Any:
    """The same lines with NumPy's sqrt and sign in place of torch's: what is compiled takes single numbers."""
    return FunctionType(rule.__code__, {"sqrt": np.sqrt, "sign": np.sign}, rule.__name__)
