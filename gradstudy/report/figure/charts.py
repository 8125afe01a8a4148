"""Small line charts over the steps of training: what every seed did as a line and a band, beside round numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from gradstudy.analysis.responses.signal_map import decades_of
from gradstudy.records import MemberRecord, Series
from gradstudy.report.figure.heat_image import Scale
from gradstudy.series import by_seed, median_of_seeds, stretches
from gradstudy.words.number_words import compact


def whole_ticks(low: float, high: float, most: int = 4) -> list[int]:
    """Round whole numbers from `low` to `high`, both of them whole: steps, or decades."""
    return [round(tick) for tick in _round(low, high, most, integer=True)] or [round(low)]


def number_ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Round numbers from `low` to `high`."""
    return [float(tick) for tick in _round(low, high, most, integer=False)]


def decade_word(decade: float) -> str:
    """`1e-12`, and 1 or 0.1 as they are."""
    return f"{10.0**decade:g}" if -2 <= decade <= 2 else f"1e{decade:+03.0f}"


@lru_cache(1000)  # most trials of a study have the same steps, and many the same decades
def _round(low: float, high: float, most: int, *, integer: bool) -> Sequence[float]:
    from matplotlib.ticker import MaxNLocator  # half a second, which no launch waits for before it trains

    ticks = MaxNLocator(most, integer=integer).tick_values(low, high)
    return [tick for tick in ticks if low - 1e-9 * abs(low) <= tick <= high + 1e-9 * abs(high)] if high > low else []


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
        """Whether both would be the same picture."""
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


@dataclass(frozen=True)
class Label:
    """A word beside an axis, and how far along it, in pixels."""

    at: float
    text: str


@dataclass(frozen=True)
class Across:
    """Where a step stands, in pixels: in the middle of its field among those of all `steps` [step], in order."""

    left: float
    width: float
    steps: np.ndarray

    def of(self, step: float) -> float:
        return float(self.of_all(np.array([step]))[0])

    def of_all(self, steps: np.ndarray) -> np.ndarray:
        """Where each of these steps stands."""
        field = self.width / len(self.steps)
        return np.asarray(self.left + field * (0.5 + np.interp(steps, self.steps, np.arange(len(self.steps)))))


def chart_panel(
    curves: Mapping[str, SeedCurve],
    across: Across,
    *,
    top: float,
    height: float,
    limits: Scale | None = None,
    cut: bool = False,
    merge: bool = True,
) -> dict[str, Any]:
    """What the template needs to draw curves by label; those that are the same picture as the first `merge` into it.

    The chart reaches from one of the `limits` to the other; what lies beyond is at its edge, or where it would be for
    the frame to `cut` it off. By default it reaches around all that is finite.
    """
    first = next(iter(curves.values()))
    drawn = {label: curve for label, curve in curves.items() if curve is first or not (merge and curve.same_as(first))}
    low, high = limits or _limits(list(drawn.values()))
    ticks = whole_ticks(low, high, 3) if first.in_decades else number_ticks(low, high, 3)

    def down(number: np.ndarray | float) -> np.ndarray:
        shown = number if cut else np.clip(number, low, high)
        return np.asarray(top + height * (high - shown) / (high - low))

    return {
        "top": top,
        "height": height,
        "ticks": [
            Label(float(down(tick)), decade_word(tick) if first.in_decades else compact(tick, 6)) for tick in ticks
        ],
        "curves": [_drawn(label, curve, across, down) for label, curve in drawn.items()],
        "is_labelled": len(drawn) > 1,
        "is_one_picture": len(drawn) < len(curves),
        "is_empty": not any(np.isfinite(curve.middle).any() for curve in drawn.values()),
    }


def _drawn(label: str, curve: SeedCurve, across: Across, down: Callable[[np.ndarray], np.ndarray]) -> dict[str, str]:
    x = across.of_all(curve.steps)
    lines, bands = _pieces(x, down(curve.middle)), _pieces(x, down(curve.low), down(curve.high))
    return {
        "label": label,
        "line": "".join(f"M{_points(*piece)}" for piece in lines if len(piece[0]) > 1),
        "dots": "".join(f"M{_points(*piece)}h0" for piece in lines if len(piece[0]) == 1),
        "band": "".join(
            f"M{_points(np.append(x, x[::-1]), np.append(high, low[::-1]))}Z" for x, low, high in bands if len(x) > 1
        ),
    }


def _pieces(x: np.ndarray, *rows: np.ndarray) -> list[tuple[np.ndarray, ...]]:
    """The runs of points at which every row is finite."""
    known = np.asarray(np.isfinite(rows).all(axis=0))
    runs = np.split(np.arange(len(x)), np.flatnonzero(np.diff(known)) + 1)
    return [(x[run], *(row[run] for row in rows)) for run in runs if known[run[0]]]


def _points(x: np.ndarray, y: np.ndarray) -> str:
    return " ".join(f"{right:.1f},{below:.1f}" for right, below in zip(x.tolist(), y.tolist(), strict=True))


def _limits(curves: list[SeedCurve]) -> tuple[float, float]:
    """Around all that is finite: whole decades, or a little more than the numbers."""
    ends = np.concatenate([np.append(curve.low, curve.high) for curve in curves])
    finite = ends[np.isfinite(ends)]
    if not finite.size:
        return -1.0, 0.0
    low, high = float(finite.min()), float(finite.max())
    if curves[0].in_decades:
        return float(np.floor(low)), float(max(np.ceil(high), np.floor(low) + 1.0))
    margin = 0.05 * (high - low) or max(abs(low), 1.0)
    return low - margin, high + margin
