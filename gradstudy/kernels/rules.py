"""Activations in machine code: those whose slope follows from their value, so that nothing else is kept of a pass.

That of elu, selu and softsign does too, but not in float32: where they are flat, 1 + y has lost what is left of it.

A rule is told by its number. Each loop stands by itself: with the choice inside, none would fill the lanes of a vector.
"""

from numpy import float32 as f4

from gradstudy.kernels.compiled import compiled_in_order
from gradstudy.kernels.hyperbolic import sigmoid_of, tanh_of

IDENTITY, RELU, TANH, SIGMOID, LEAKY_RELU, HARDTANH = range(6)


@compiled_in_order
def activate(rule, coefficient, y):  # type: ignore[no-untyped-def]
    """phi of the numbers [entry] y, in place. What is not a number stays so."""
    if rule == TANH:
        for i in range(y.size):
            y[i] = tanh_of(y[i])
    elif rule == RELU:
        for i in range(y.size):
            y[i] = f4(0) if y[i] <= f4(0) else y[i]
    elif rule == LEAKY_RELU:
        for i in range(y.size):
            y[i] = y[i] * coefficient if y[i] <= f4(0) else y[i]
    elif rule == HARDTANH:
        for i in range(y.size):
            y[i] = f4(-1) if y[i] < f4(-1) else (f4(1) if y[i] > f4(1) else y[i])
    elif rule == SIGMOID:
        for i in range(y.size):
            y[i] = sigmoid_of(y[i])


@compiled_in_order
def to_slope(rule, coefficient, y):  # type: ignore[no-untyped-def]
    """The slope of phi where its values are the numbers [entry] y, in place."""
    if rule == IDENTITY:
        for i in range(y.size):
            y[i] = f4(1)
    elif rule == TANH:
        for i in range(y.size):
            y[i] = f4(1) - y[i] * y[i]
    elif rule == RELU:
        for i in range(y.size):
            y[i] = f4(0) if y[i] <= f4(0) else f4(1)
    elif rule == LEAKY_RELU:
        for i in range(y.size):
            y[i] = coefficient if y[i] <= f4(0) else f4(1)
    elif rule == HARDTANH:
        for i in range(y.size):
            y[i] = f4(0) if abs(y[i]) >= f4(1) else f4(1)
    elif rule == SIGMOID:
        for i in range(y.size):
            y[i] = y[i] * (f4(1) - y[i])


@compiled_in_order
def activate_rows(rule, coefficients, y):  # type: ignore[no-untyped-def]
    """`activate` of the rows y [member, entry]."""
    for m in range(len(y)):
        activate(rule, coefficients[m], y[m])


@compiled_in_order
def send_back_rows(rule, coefficients, y, sent, back):  # type: ignore[no-untyped-def]
    """Writes `sent` times the slope where values are y to `back`, all of them [member, entry]."""
    for m in range(len(y)):
        value, given, here = y[m], sent[m], back[m]
        for i in range(here.size):
            here[i] = value[i]
        to_slope(rule, coefficients[m], here)
        for i in range(here.size):
            here[i] *= given[i]
