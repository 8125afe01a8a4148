"""Arithmetic of powers that may have vanished (0) or exploded (inf)."""

import numpy as np


def product(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    """a b, where 0 times inf is 0: nothing passes through a factor of 0."""
    return np.where((np.asarray(a) == 0.0) | (np.asarray(b) == 0.0), 0.0, np.multiply(a, b))
