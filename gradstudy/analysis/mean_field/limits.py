"""Arithmetic of powers that may be 0 or have exploded (inf)."""

import numpy as np

SMALLEST = 1e-300
"""What vanishes without being 0 ends here: its square root can still be squared."""


def product(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    """a b, where 0 times inf is 0: nothing passes through a factor of 0."""
    return np.where((np.asarray(a) == 0.0) | (np.asarray(b) == 0.0), 0.0, np.multiply(a, b))


def passed(factor: float, power: np.ndarray | float) -> np.ndarray:
    """Their product as the power of a signal, which is 0 only where one of them is: a small one never rounds to 0.

    The difference is felt by a ReLU, which passes half of what is small and nothing of what is 0.
    """
    one = product(factor, power)
    return np.where((np.asarray(factor) == 0.0) | (np.asarray(power) == 0.0), one, np.maximum(one, SMALLEST))
