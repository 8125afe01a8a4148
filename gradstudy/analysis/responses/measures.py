"""One number per member for each way in which its gradients can behave, in decades (log10 of amplitude).

Zeros and infinities keep their meaning and stay finite: a signal of exactly 0 at the first place has a gain at the
floor of float64's range (-307.7, whatever left the last place: a dead network passes nothing back); steps whose signal
is not finite are left out, and a member without any finite step has a gain at the ceiling (308.3).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradstudy.analysis.settings import Analysis
from gradstudy.records import MemberRecord

_SMALLEST = np.finfo(np.float64).tiny
FLOOR = float(np.log10(_SMALLEST))
CEILING = float(np.log10(np.finfo(np.float64).max))


def responses(record: MemberRecord, settings: Analysis) -> dict[str, float]:
    """How did the gradients of this member behave? One finite number per name in `RESPONSES`."""
    signal = full_range(record)
    norms = record.series["norm_before_clipping"].values[:, 0]
    loss = record.series["loss"].values[:, 0]
    diverged = record.first_bad_step is not None
    gains = gain_by_step(signal)
    return {
        "vanishing": vanishing(gains, settings.cap),
        "exploding": settings.cap if diverged else exploding(gains, growth(norms, settings.first_steps), settings.cap),
        "gain": gain(gains),
        "gain_init": gain(gain_by_step(first_signal(record))),
        "rate": rate(signal),
        "clipped": clipped(record.series["clip_coefficient"].values[:, 0]),
        "learned": learned(loss, diverged=diverged, cap=settings.cap),
    }


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
    """By how many decades did the signal grow on its way back, step by step? [step, place] -> [step], nan: unknown."""
    first, last = signal[:, 0], signal[:, -1]
    finite = np.isfinite(first) & np.isfinite(last)
    decades = _decades(np.where(finite, first, 1.0)) - _decades(np.where(finite, last, 1.0))
    return np.where(finite, np.where(first == 0.0, FLOOR, decades), np.nan)


def gain(gains: np.ndarray) -> float:
    """By how many decades did the signal grow on its way back, in the median step that is known?"""
    known = gains[np.isfinite(gains)]
    return float(np.median(known)) if known.size else CEILING


def rate(signal: np.ndarray) -> float:
    """By how many decades does the signal grow per place on its way back? Least-squares slope, median over steps.

    A signal that falls by a factor r per place has log10 r; gain = rate * (places - 1) holds for a geometric decay,
    for a dead signal and for one that was never finite.
    """
    travelled = np.arange(signal.shape[1])[::-1] - (signal.shape[1] - 1) / 2
    distance = max(signal.shape[1] - 1, 1)
    known = signal[np.isfinite(signal).all(axis=1)]
    if not len(known):
        return CEILING / distance
    slopes = _decades(known) @ travelled / max(float(travelled @ travelled), 1.0)
    return float(np.median(np.where(known[:, 0] == 0.0, FLOOR / distance, slopes)))


def growth(norms: np.ndarray, first_steps: int) -> float:
    """By how many decades did the global gradient norm exceed its median over the first steps? [step] -> decades.

    Zeros are no reference: growth out of a norm of exactly 0 has no size, and 0 is returned when there is nothing else.
    """
    early = norms[:first_steps]
    early = early[np.isfinite(early) & (early > 0.0)]
    if not early.size:
        return 0.0
    reference = 2 * np.median(early / 2)  # the mean of two of 1e308 would overflow
    return float(_decades(norms).max() - _decades(reference))


def vanishing(gains: np.ndarray, cap: float) -> float:
    """How many decades did the signal lose on its way back, in the median step? From 0 to the cap."""
    return float(np.clip(-gain(gains), 0.0, cap))


def exploding(gains: np.ndarray, norm_growth: float, cap: float) -> float:
    """How many decades did the signal gain on its way back, or the norm over training, at worst? From 0 to the cap."""
    if not (np.isfinite(gains).all() and np.isfinite(norm_growth)):
        return cap
    return float(np.clip(max(gains.max(), norm_growth), 0.0, cap))


def clipped(coefficients: np.ndarray) -> float:
    """On which share of the steps did clipping engage? Coefficients [step], 1 where it did not."""
    return float(np.mean(coefficients < 1.0))


def learned(loss: np.ndarray, *, diverged: bool, cap: float) -> float:
    """By how many decades did the loss fall? From -cap to cap; a loss of exactly 0 counts as the smallest number.

    A diverged member is judged by its last finite loss and never above 0: whatever it had learned, it lost.
    """
    known = loss[np.isfinite(loss)]
    if not known.size:
        return -cap
    fall = float(np.clip(_decades(known[0]) - _decades(known[-1]), -cap, cap))
    return min(fall, 0.0) if diverged else fall


def verdict(measured: Mapping[str, float], diverged: bool, settings: Analysis) -> str:
    """Is this member healthy, vanishing, exploding (the larger one, when both thresholds are met) or diverged?"""
    if diverged:
        return "diverged"
    thresholds = {"vanishing": settings.vanishing, "exploding": settings.exploding}
    met = [name for name, threshold in thresholds.items() if measured[name] >= threshold]
    return max(met, key=lambda name: measured[name], default="healthy")


def member_row(record: MemberRecord, settings: Analysis) -> dict[str, Any]:
    """What is stored of one member in `members`? Its trial and seed, the responses, the verdict, the first bad step."""
    measured = responses(record, settings)
    return {
        "trial": record.trial,
        "seed": record.seed,
        **measured,
        "verdict": verdict(measured, record.first_bad_step is not None, settings),
        "first_bad_step": record.first_bad_step,
        "first_bad_tensor": record.first_bad_tensor,
    }


def _decades(amplitude: np.ndarray) -> np.ndarray:
    return np.log10(np.maximum(amplitude, _SMALLEST))
