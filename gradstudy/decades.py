"""The amplitudes of a member's record in decades (log10): its signal place by place, the growth of its gradient norm.

Zeros and infinities keep their meaning and stay finite: a signal of exactly 0 at the first place has a gain at the
floor of float64's range (-307.7, whatever left the last place: a dead network passes nothing back), and one that is
never finite has a gain at the ceiling (308.3).
"""

import numpy as np

from gradstudy.records import MemberRecord

SMALLEST = np.finfo(np.float64).tiny
FLOOR = float(np.log10(SMALLEST))
CEILING = float(np.log10(np.finfo(np.float64).max))


def decades(amplitude: np.ndarray) -> np.ndarray:
    """log10, where 0 counts as the smallest normal number."""
    found: np.ndarray = np.log10(np.maximum(amplitude, SMALLEST))
    return found


def first_signal(record: MemberRecord) -> np.ndarray:
    """The signal [1, place] before anything was learned: as float64 has it, where that was looked at.

    It is the same pass with more range: below 1e-38 float32 reads 0, where the truth may still be a number.
    """
    return record.series.get("signal_float64", record.series["signal"]).values[:1]


def full_range(record: MemberRecord) -> np.ndarray:
    """The signal [step, place] of training, where float32 reads 0 with what float64 saw at the last look before.

    What is 0 there as well is a true zero.
    """
    signal, looks = record.series["signal"], record.series.get("signal_float64")
    if looks is None or (signal.values > 0.0).all():
        return signal.values
    last_look = np.searchsorted(looks.steps, signal.steps, side="right") - 1
    return np.where(signal.values == 0.0, looks.values[last_look], signal.values)


def gain_by_step(signal: np.ndarray) -> np.ndarray:
    """The decades by which the signal grew on its way back, step by step: [step, place] -> [step], nan: unknown."""
    first, last = signal[:, 0], signal[:, -1]
    finite = np.isfinite(first) & np.isfinite(last)
    grown = decades(np.where(finite, first, 1.0)) - decades(np.where(finite, last, 1.0))
    return np.where(finite, np.where(first == 0.0, FLOOR, grown), np.nan)


def norm_growth(norms: np.ndarray, first_steps: int) -> float:
    """The decades by which the global gradient norm [step] exceeded, at worst, its median over the first steps.

    Zeros are no reference: growth out of a norm of exactly 0 has no size, and 0 is returned when there is nothing else.
    """
    early = norms[:first_steps]
    early = early[np.isfinite(early) & (early > 0.0)]
    if not early.size:
        return 0.0
    reference = 2 * np.median(early / 2)  # the mean of two of 1e308 would overflow
    return float(decades(norms).max() - decades(reference))
