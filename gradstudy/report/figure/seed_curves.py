"""How did one number of every seed go over training? A line and a band, in few points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradstudy.analysis.responses.signal_map import decades_of
from gradstudy.over_seeds import by_seed, median_of_seeds
from gradstudy.records import MemberRecord, Series
from gradstudy.thinning import stretches

MOST_POINTS = 80
NORMS = {"before clipping": "norm_before_clipping", "after clipping": "norm_after_clipping"}
"""The two curves of the gradient norm, by what they are called."""


@dataclass(frozen=True)
class SeedCurve:
    """Numbers by `steps` [point]: the `middle` of the seeds, from the `low`est to the `high`est; nan: not finite.

    Where there are more steps than MOST_POINTS, the middle is that of some of them, and the band reaches over all of
    the steps around, so that no spike is lost. `in_decades` says that they are log10 of what was measured.
    """

    steps: np.ndarray
    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray
    in_decades: bool

    def same_as(self, other: "SeedCurve") -> bool:
        """Would both be the same picture?"""
        pairs = ((self.low, other.low), (self.middle, other.middle), (self.high, other.high))
        return all(np.array_equal(one, two, equal_nan=True) for one, two in pairs)


def seed_curves(records: Sequence[MemberRecord], quantities: Mapping[str, str]) -> dict[str, SeedCurve]:
    """The curve of every one of these quantities that all seeds have, by what it is called."""
    return {
        label: seed_curve([record.series[quantity] for record in records])
        for label, quantity in quantities.items()
        if all(quantity in record.series for record in records)
    }


def seed_curve(series: Sequence[Series]) -> SeedCurve:
    """The curve of one number per step and seed: in decades unless some of it is below zero."""
    steps, values = by_seed(series)
    numbers, in_decades = values[:, :, 0], not (values < 0.0).any()
    numbers = decades_of(numbers) if in_decades else numbers
    middle, finite = median_of_seeds(numbers), np.where(np.isfinite(numbers), numbers, np.nan)
    starts = stretches(len(steps), MOST_POINTS)
    shown = (starts + np.append(starts[1:], len(steps)) - 1) // 2
    return SeedCurve(
        steps=steps[shown],
        middle=np.where(np.isfinite(middle), middle, np.nan)[shown],
        low=np.fmin.reduceat(np.fmin.reduce(finite), starts),
        high=np.fmax.reduceat(np.fmax.reduce(finite), starts),
        in_decades=in_decades,
    )
