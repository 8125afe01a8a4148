"""A few of many, evenly spaced."""

import numpy as np


def evenly_spaced(count: int, most: int) -> np.ndarray:
    """Indices of at most so many of `count`, evenly spaced from the first to the last."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def stretches(count: int, most: int) -> np.ndarray:
    """Where each of at most so many equal stretches of `count` begins."""
    return np.linspace(0, count, min(count, most), endpoint=False).astype(int)
