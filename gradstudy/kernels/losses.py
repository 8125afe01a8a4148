"""The cross-entropy and its gradient in one call: PyTorch's operations take a third of a small network's pass."""

from math import exp, log

import numpy as np
from numpy import float32 as f4

from gradstudy.kernels.compiled import compiled


@compiled
def cross_entropy_into(output, target, losses, gradient):  # type: ignore[no-untyped-def]
    """Writes the mean of -log softmax(output)[target] to `losses` [member], and its slope to `gradient`.

    `output` and `gradient` are [member, sample, class], `target` is [member, sample]. Sums are taken in float64; what
    is not finite gives nan, and so does a target that is no class.
    """
    members, samples, classes = output.shape
    share = np.empty(classes)
    for member in range(members):
        total = 0.0
        for sample in range(samples):
            row = output[member, sample]
            largest = row[0]
            for one in range(1, classes):
                largest = max(largest, row[one])
            mass = 0.0
            for one in range(classes):
                share[one] = exp(np.float64(row[one]) - np.float64(largest))
                mass += share[one]
            right = target[member, sample]
            if not 0 <= right < classes:
                mass = np.nan  # no class: neither a loss nor a slope
                right = 0
            total += log(mass) + np.float64(largest) - np.float64(row[right])
            for one in range(classes):
                gradient[member, sample, one] = f4((share[one] / mass - (one == right)) / samples)
        losses[member] = f4(total / samples)
