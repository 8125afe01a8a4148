"""Functions made of exp in machine code: PyTorch's tanh takes six times as long, a quarter of a recurrent step.

2^x is put together from its bits: a large constant, added, leaves x rounded in the lowest ones, where a shift makes it
the exponent of a float32; a polynomial gives what is left (Cephes, Moshier 1992, has the idea). Sums must stay in their
order.
"""

import numpy as np
from numpy import float32 as f4
from numpy import int32

from gradstudy.kernels.compiled import compiled_in_order

SHIFT = f4(12582912.0 + 127.0)
"""1.5 * 2^23, and the bias of an exponent."""
TO_BASE_2 = f4(1.4426950408889634)


@compiled_in_order
def power_and_rest(x):  # type: ignore[no-untyped-def]
    """(a, b) such that exp(x) = a + b, where b + (a - 1) is exp(x) - 1 to the last bits. Of float32 within +-87."""
    shifted = x * TO_BASE_2 + SHIFT
    rest = x * TO_BASE_2 - (shifted - SHIFT)
    power = int32(f4(shifted).view(np.int32) << int32(23)).view(np.float32)
    return power, power_less_one(rest) * power


@compiled_in_order
def power_less_one(x):  # type: ignore[no-untyped-def]
    """2^x - 1 of one float32 within +-.5, to the last bits."""
    p = (f4(1.54614475e-4) * x + f4(1.33908674e-3)) * x + f4(9.61805667e-3)
    return (((p * x + f4(5.55035710e-2)) * x + f4(2.40226509e-1)) * x + f4(6.93147188e-1)) * x


@compiled_in_order
def tanh_of(x):  # type: ignore[no-untyped-def]
    """tanh of one float32, within 3.3 units in the last place: (e - 1) / (e + 1) with e = exp(2 x)."""
    power, rest = power_and_rest(f4(2) * min(max(x, f4(-10.0)), f4(10.0)))  # beyond, it is 1 to the last bit
    less_one = rest + (power - f4(1))
    return less_one / (less_one + f4(2))


@compiled_in_order
def sigmoid_of(x):  # type: ignore[no-untyped-def]
    """1 / (1 + exp(-x)) of one float32: exact of a number that differs from x in the last bit only."""
    power, rest = power_and_rest(-min(max(x, f4(-87.0)), f4(87.0)))
    return f4(1) / (f4(1) + power + rest)
