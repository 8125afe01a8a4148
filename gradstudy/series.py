"""Recorded series: amplitudes in decades (log10), the seeds of a trial beside each other, and a few of many steps.

Zeros and infinities keep their meaning and stay finite: a signal of exactly 0 at the first place has a gain at the
floor of float64's range (-307.7, whatever left the last place: a dead network passes nothing back), and one that is
never finite has a gain at the ceiling (308.3).
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from gradstudy.records import MemberRecord, Series

SMALLEST = np.finfo(np.float64).tiny
FLOOR = float(np.log10(SMALLEST))
CEILING = float(np.log10(np.finfo(np.float64).max))
FAR = "far_signal"
"""The signal of the last answer alone, where every time step has an answer."""


def decades(amplitude: np.ndarray) -> np.ndarray:
    """log10, where 0 counts as the smallest normal number."""
    return np.asarray(np.log10(np.maximum(amplitude, SMALLEST)))


def first_signal(record: MemberRecord) -> np.ndarray:
    """The signal [1, place] before anything was learned: as float64 has it, where that was looked at.

    It is the same pass with more range: below 1e-38 float32 reads 0, where the truth may still be a number. Where every
    time step has an answer, the signal of the last one alone: see `way_back`.
    """
    return next(record.series[name].values[:1] for name in (FAR, "signal_float64", "signal") if name in record.series)


def has_far_flow(record: MemberRecord) -> bool:
    """Whether something is asked of this member at every time step, so that its last answer was followed back alone."""
    return FAR in record.series


def way_back(record: MemberRecord) -> np.ndarray:
    """The signal [step, place] on its way from the last place back to the first, on every step of training.

    Where every time step has an answer, each place has one nearby, whose gradient hides what is lost from far ones.
    There it is the signal of the last answer alone, which has the longest way: at the last look before, since it is
    followed on probe steps only.
    """
    return _held(record, FAR) if has_far_flow(record) else full_range(record)


def full_range(record: MemberRecord) -> np.ndarray:
    """The signal [step, place] of training, where float32 reads 0 with what float64 saw at the last look before.

    What is 0 there as well is a true zero.
    """
    signal = record.series["signal"].values
    if "signal_float64" not in record.series or (signal > 0.0).all():
        return signal
    return np.where(signal == 0.0, _held(record, "signal_float64"), signal)


def _held(record: MemberRecord, quantity: str) -> np.ndarray:
    """What was seen at the last look before each step of training, [step, place]."""
    looks, steps = record.series[quantity], record.series["signal"].steps
    return looks.values[np.searchsorted(looks.steps, steps, side="right") - 1]


def gain_by_step(signal: np.ndarray) -> np.ndarray:
    """The decades by which the signal grew on its way back, step by step: [step, place] -> [step], nan: unknown."""
    first, last = signal[:, 0], signal[:, -1]
    finite = np.isfinite(first) & np.isfinite(last)
    grown = decades(np.where(finite, first, 1.0)) - decades(np.where(finite, last, 1.0))
    return np.where(finite, np.where(first == 0.0, FLOOR, grown), np.nan)


def growth_over_start(amplitudes: np.ndarray, first_steps: int) -> np.ndarray:
    """The decades by which an amplitude [step] exceeds its median over the first steps, [step].

    Within these it has grown only beyond what it began with: what converges in a few steps begins far above that
    median, and falls. Zeros are no reference: growth out of exactly 0 has no size, and is 0 where there is nothing
    else.
    """
    early = amplitudes[:first_steps]
    early = early[np.isfinite(early) & (early > 0.0)]
    if not early.size:
        return np.zeros(len(amplitudes))
    reference = 2 * np.median(early / 2)  # the mean of two of 1e308 would overflow
    grown = np.asarray(decades(amplitudes) - decades(reference))
    if 0.0 < grown[0] < np.inf:
        grown[:first_steps] -= grown[0]
    return grown


def lasting(values: np.ndarray, steps: int) -> np.ndarray:
    """The median of so many successive values from each step on, or of all where there are fewer, [step]; -inf where
    fewer than that are left.
    """
    windows = np.lib.stride_tricks.sliding_window_view(values, min(steps, len(values)))
    found = np.full(len(values), -np.inf)
    found[: len(windows)] = np.median(windows, axis=1)
    return found


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
    ordered, missing = np.sort(values, axis=0), np.isnan(values)  # nan last
    if missing.any():
        known = (~missing).sum(axis=0, keepdims=True)
        low, high = (np.take_along_axis(ordered, which, axis=0)[0] for which in ((known - 1) // 2, known // 2))
    else:  # the same, at a third of the time
        low, high = ordered[(len(values) - 1) // 2], ordered[len(values) // 2]
    with np.errstate(invalid="ignore"):
        return np.where(high == np.inf, np.inf, low / 2 + high / 2)  # the sum of two of 1e308 would overflow


@lru_cache(1000)  # as every curve of every trial has them
def evenly_spaced(count: int, most: int) -> np.ndarray:
    """Indices of at most so many of `count`, evenly spaced from the first to the last; not to be written to."""
    found = np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))
    found.setflags(write=False)
    return found


def stretches(count: int, most: int) -> np.ndarray:
    """Where each of at most so many equal stretches of `count` begins."""
    return np.linspace(0, count, min(count, most), endpoint=False).astype(int)
