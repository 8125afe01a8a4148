"""How large was the signal at every place, on every step? One trial as a map, in the median of its seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradstudy.analysis.responses import full_range
from gradstudy.records import MemberRecord, Series


@dataclass(frozen=True)
class SignalMap:
    """log10 of the signal, `decades` [step, place], in the median of the seeds that reached the step.

    -inf is a signal of exactly zero; inf one that is inf or nan. `steps` [step] go as far as the last seed did.
    """

    places: tuple[str, ...]
    steps: np.ndarray
    decades: np.ndarray

    def thinned(self, *, steps: int, places: int) -> "SignalMap":
        """The same with so many steps and places at most: evenly spaced ones, the first and the last among them."""
        rows, columns = spread(len(self.steps), steps), spread(len(self.places), places)
        names = tuple(self.places[column] for column in columns)
        return SignalMap(names, self.steps[rows], self.decades[np.ix_(rows, columns)])


def signal_map(records: Sequence[MemberRecord]) -> SignalMap:
    """The map of one trial, from the records of its seeds: with float64's range where float32 read 0."""
    signals = signals_of(records)
    steps, values = by_seed(signals)
    return SignalMap(signals[0].places, steps, median_of_seeds(decades_of(values)))


def signals_of(records: Sequence[MemberRecord]) -> list[Series]:
    """The signal of every seed."""
    signals = [(record.series["signal"], record) for record in records]
    return [Series(one.places, one.steps, full_range(record)) for one, record in signals]


def by_seed(series: Sequence[Series]) -> tuple[np.ndarray, np.ndarray]:
    """Steps [step] of the seed that came furthest, and values [seed, step, place]; nan after a seed's end.

    What a seed itself read as nan is inf here: it is not finite, but it is not missing.
    """
    steps = max((one.steps for one in series), key=len)
    values = np.full((len(series), len(steps), len(series[0].places)), np.nan)
    for own, one in zip(values, series, strict=True):
        own[: len(one.steps)] = np.where(np.isnan(one.values), np.inf, one.values)
    return steps, values


def decades_of(amplitudes: np.ndarray) -> np.ndarray:
    """log10, -inf of exactly zero."""
    with np.errstate(divide="ignore"):
        return np.log10(amplitudes)


def median_of_seeds(values: np.ndarray) -> np.ndarray:
    """The median over the first axis, of those seeds that are not missing (nan): at least one must be there.

    Where half are -inf and half inf, it is inf.
    """
    ordered, known = np.sort(values, axis=0), (~np.isnan(values)).sum(axis=0, keepdims=True)  # nan last
    low, high = (np.take_along_axis(ordered, which, axis=0)[0] for which in ((known - 1) // 2, known // 2))
    with np.errstate(invalid="ignore"):
        return np.where(high == np.inf, np.inf, low / 2 + high / 2)  # the sum of two of 1e308 would overflow


def spread(count: int, most: int) -> np.ndarray:
    """Indices of at most so many of `count`, evenly spaced from the first to the last."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))
