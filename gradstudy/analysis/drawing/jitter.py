"""Points of one strip beside each other, where they would lie on top of each other."""

import numpy as np

GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it, less their whole part, spread evenly however many there are."""


def jitter(values: np.ndarray) -> np.ndarray:
    """Where across the strip does each point stand? [point] from 0 to 1; neighbouring and equal values lie apart."""
    order = np.argsort(np.argsort(values, kind="stable"))
    return order * GOLDEN % 1.0
