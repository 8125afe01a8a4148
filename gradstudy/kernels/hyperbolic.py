"""Functions made of exp in machine code: PyTorch's tanh takes six times as long, a quarter of a recurrent step.

2^x is put together from its bits: a large constant, added, leaves x rounded in the lowest ones, where a shift makes it
an exponent; a polynomial gives what is left (Cephes, Moshier 1992, has the idea). Sums must stay in their order. In
float32, and in float64 for looks inside.
"""

from math import factorial, log

import numpy as np
from numpy import float32 as f4
from numpy import int32

from gradstudy.kernels.compiled import by_type, compiled_in_order

SHIFT, WIDE_SHIFT = f4(12582912.0 + 127.0), 1.5 * 2.0**52 + 1023.0
"""1.5 * 2^23 or 2^52, and the bias of an exponent."""
TO_BASE_2, WIDE_TO_BASE_2 = f4(1.4426950408889634), 1.4426950408889634
SERIES = tuple(log(2) ** n / factorial(n) for n in range(1, 14))
"""That of 2^x - 1: what follows is 1e-17 of it within +-.5."""


@compiled_in_order
def _power_and_rest_32(x):  # type: ignore[no-untyped-def]
    x = min(max(x, f4(-87.0)), f4(87.0))
    shifted = x * TO_BASE_2 + SHIFT
    rest = x * TO_BASE_2 - (shifted - SHIFT)
    power = int32(f4(shifted).view(np.int32) << int32(23)).view(np.float32)
    return power, power_less_one(rest) * power


@compiled_in_order
def _power_and_rest_64(x):  # type: ignore[no-untyped-def]
    x = min(max(x, -708.0), 708.0)
    shifted = x * WIDE_TO_BASE_2 + WIDE_SHIFT
    rest = x * WIDE_TO_BASE_2 - (shifted - WIDE_SHIFT)
    power = np.int64(np.float64(shifted).view(np.int64) << np.int64(52)).view(np.float64)
    p = ((SERIES[12] * rest + SERIES[11]) * rest + SERIES[10]) * rest + SERIES[9]
    p = (((p * rest + SERIES[8]) * rest + SERIES[7]) * rest + SERIES[6]) * rest + SERIES[5]
    p = ((((p * rest + SERIES[4]) * rest + SERIES[3]) * rest + SERIES[2]) * rest + SERIES[1]) * rest + SERIES[0]
    return power, p * rest * power


power_and_rest = by_type(_power_and_rest_32, _power_and_rest_64)
"""(a, b) such that exp(x) = a + b, where b + (a - 1) is exp(x) - 1 to the last bits.

Beyond +-87, in float64 +-708, it is that of the last number within.
"""


@compiled_in_order
def power_less_one(x):  # type: ignore[no-untyped-def]
    """2^x - 1 of one float32 within +-.5, to the last bits."""
    p = (f4(1.54614475e-4) * x + f4(1.33908674e-3)) * x + f4(9.61805667e-3)
    return (((p * x + f4(5.55035710e-2)) * x + f4(2.40226509e-1)) * x + f4(6.93147188e-1)) * x


@compiled_in_order
def tanh_of(x):  # type: ignore[no-untyped-def]
    """tanh of one number, within 3.3 units in the last place: (e - 1) / (e + 1) with e = exp(2 x)."""
    power, rest = power_and_rest(f4(2) * x)
    less_one = rest + (power - f4(1))
    return less_one / (less_one + f4(2))


@compiled_in_order
def _sigmoid_32(x):  # type: ignore[no-untyped-def]
    power, rest = _power_and_rest_32(-x)
    return f4(1) / (f4(1) + power + rest)


@compiled_in_order
def _sigmoid_64(x):  # type: ignore[no-untyped-def]
    power, rest = _power_and_rest_64(-x)
    return 1.0 / (1.0 + power + rest) if not x < -708.0 else 0.0  # nan stays nan


sigmoid_of = by_type(_sigmoid_32, _sigmoid_64)
"""1 / (1 + exp(-x)) of one number: exact of a number that differs from x in the last bit only.

In float32 at least 1e-38. In float64, of which a look tells a true 0 from an underflow, 0 where 3e-308 is left.
"""
