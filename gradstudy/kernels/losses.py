"""The cross-entropy and its gradient in one call: PyTorch's operations take a third of a small network's pass."""

from math import exp, log

import numpy as np
from numpy import float32 as f4

from gradstudy.kernels.compiled import by_type, compiled, compiled_in_order
from gradstudy.kernels.hyperbolic import SHIFT, power_and_rest, power_less_one


@compiled
def cross_entropy_into(output, target, losses, gradient):  # type: ignore[no-untyped-def]
    """Writes the mean of -log softmax(output)[target] to `losses` [member], and its slope to `gradient`.

    `output` and `gradient` are [member, sample, class], `target` is [member, sample]. All are of one dtype, and sums
    are taken in float64; nan and +inf give nan, and so does a target that is no class.
    """
    members, samples, classes = output.shape
    below, share = np.empty(samples * classes), np.empty(samples * classes, output.dtype)
    for member in range(members):
        total = 0.0
        for sample in range(samples):
            row, at, right = output[member, sample], sample * classes, target[member, sample]
            largest = row[0]
            for one in range(1, classes):
                largest = largest if row[one] < largest else row[one]
            for one in range(classes):
                below[at + one] = np.float64(row[one]) - np.float64(largest)
            total -= below[at + right] if 0 <= right < classes else np.nan  # no class: neither a loss nor a slope
        _exponentiate(share, below)
        for sample in range(samples):
            at, right, mass = sample * classes, target[member, sample], 0.0
            for one in range(at, at + classes):
                mass += np.float64(share[one])
            total += log(mass)
            if not 0 <= right < classes:
                mass, right = np.nan, 0
            scale, slope = 1 / (mass * samples), gradient[member, sample]
            for one in range(classes):
                slope[one] = np.float64(share[at + one]) * scale
            slope[right] = (np.float64(share[at + right]) - mass) * scale
        losses[member] = total / samples


SHIFT_64 = 1.5 * 2.0**52
"""A float64 that it is added to, and subtracted from, is a whole number."""


@compiled_in_order
def _exponentiate_32(y, x):  # type: ignore[no-untyped-def]
    for i in range(len(x)):
        exponent = (x[i] if not x[i] < -87.0 else -87.0) * 1.4426950408889634  # nan stays nan
        whole = exponent + SHIFT_64 - SHIFT_64
        power = np.int32(f4(f4(whole) + SHIFT).view(np.int32) << np.int32(23)).view(np.float32)
        y[i] = power + power * power_less_one(f4(exponent - whole))
    for i in range(len(x)):
        if x[i] < -87.0:
            y[i] = f4(exp(x[i]))


@compiled_in_order
def _exponentiate_64(y, x):  # type: ignore[no-untyped-def]
    for i in range(len(x)):
        power, rest = power_and_rest(x[i])
        y[i] = power + rest
    for i in range(len(x)):
        if x[i] < -708.0:
            y[i] = exp(x[i])


_exponentiate = by_type(_exponentiate_32, _exponentiate_64)
"""Writes exp of float64 [entry] x, which are at most 0, to y.

A call of exp for each entry takes three times as long: it serves what lies at the end of the range alone.
"""
