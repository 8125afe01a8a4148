"""The seeds of a trial beside each other, and their median."""

from collections.abc import Sequence

import numpy as np

from gradstudy.records import Series


def by_seed(series: Sequence[Series]) -> tuple[np.ndarray, np.ndarray]:
    """Steps [step] of the seed that came furthest, and values [seed, step, place]; nan after a seed's end.

    What a seed itself read as nan is inf here: it is not finite, but it is not missing.
    """
    steps = max((one.steps for one in series), key=len)
    values = np.full((len(series), len(steps), len(series[0].places)), np.nan)
    for own, one in zip(values, series, strict=True):
        own[: len(one.steps)] = np.where(np.isnan(one.values), np.inf, one.values)
    return steps, values


def median_of_seeds(values: np.ndarray) -> np.ndarray:
    """The median over the first axis, of those that are not missing (nan); nan where all are.

    Where half are -inf and half inf, it is inf.
    """
    ordered, known = np.sort(values, axis=0), (~np.isnan(values)).sum(axis=0, keepdims=True)  # nan last
    low, high = (np.take_along_axis(ordered, which, axis=0)[0] for which in ((known - 1) // 2, known // 2))
    with np.errstate(invalid="ignore"):
        return np.where(high == np.inf, np.inf, low / 2 + high / 2)  # the sum of two of 1e308 would overflow
