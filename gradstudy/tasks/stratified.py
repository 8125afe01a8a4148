"""Rows that are held out of every class alike: those that scikit-learn's `train_test_split` holds out, without it.

Importing that takes 2 seconds, of every start of a study of digits and of each of its workers.
"""

import numpy as np


def stratified(labels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the rows to train on, and of `count` that are held out, in a fixed random order; labels are 0..k-1.

    As `train_test_split(..., test_size=count, random_state=0, stratify=labels)` divides them, draw by draw.
    """
    random, sizes = np.random.RandomState(0), np.bincount(labels)
    of_class = np.split(np.argsort(labels, kind="stable"), np.cumsum(sizes)[:-1])
    chosen = _shares(sizes, len(labels) - count, random)
    held_out = _shares(sizes - chosen, count, random)
    shuffled = [rows[random.permutation(len(rows))] for rows in of_class]
    first = np.concatenate([rows[:size] for rows, size in zip(shuffled, chosen, strict=True)])
    bounds = zip(shuffled, chosen, chosen + held_out, strict=True)
    second = np.concatenate([rows[start:stop] for rows, start, stop in bounds])
    return random.permutation(first), random.permutation(second)


def _shares(sizes: np.ndarray, count: int, random: np.random.RandomState) -> np.ndarray:
    """How many of `count` fall to each class: its share rounded down, and the largest remainders once more."""
    exact = sizes / sizes.sum() * count
    shares, remainders = np.floor(exact), exact - np.floor(exact)
    missing = int(count - shares.sum())
    for remainder in np.sort(np.unique(remainders))[::-1]:
        if missing:
            (equal,) = np.where(remainders == remainder)
            added = random.choice(equal, size=min(len(equal), missing), replace=False)
            shares[added] += 1
            missing -= len(added)
    return np.asarray(shares, dtype=int)
