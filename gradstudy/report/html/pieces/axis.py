"""An axis from left to right: where a number stands on it, in per cent, and what is written along it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gradstudy.analysis.space.coordinates import encode
from gradstudy.records import Factor
from gradstudy.report.figure.charts import number_ticks, whole_ticks
from gradstudy.words.number_words import compact

Ticks = Sequence[tuple[str, float]]
"""What is written, and at which per cent."""


@dataclass(frozen=True)
class Axis:
    """A linear axis whose ends are `low` and `high`."""

    low: float
    high: float

    def place(self, number: float) -> float:
        """The per cent at which this number stands; what lies beyond stands at the end."""
        return round(float(self.places(np.array(number))), 2)

    def places(self, numbers: np.ndarray) -> np.ndarray:
        """The per cents at which these numbers stand."""
        return np.clip(100 * (numbers - self.low) / (self.high - self.low), 0.0, 100.0)

    @property
    def ticks(self) -> Ticks:
        """Round numbers and their places."""
        return [(compact(tick, 6), self.place(tick)) for tick in number_ticks(self.low, self.high, 5)]


def axis_of(values: np.ndarray) -> Axis:
    """An axis on which all these values stand, none of them at its very end."""
    low, high = float(values.min()), float(values.max())
    margin = 0.03 * (high - low) or max(abs(low), 1.0) / 2
    return Axis(low - margin, high + margin)


def factor_ticks(factor: Factor) -> Ticks:
    """Round numbers in the range of a factor and where they stand: even on its scale."""
    ticks = whole_ticks if factor.integer else number_ticks
    numbers = _log_ticks(factor) if factor.log else ticks(factor.low, factor.high, 5)
    places = encode(pd.DataFrame({factor.name: numbers}), [factor])[:, 0]
    return [(compact(tick, 6), round(100 * float(place), 2)) for tick, place in zip(numbers, places, strict=True)]


def _log_ticks(factor: Factor) -> list[float]:
    """Powers of ten; with 2 and 5 times those where these are few, fewer of them where they are many."""
    powers = range(int(np.floor(np.log10(factor.low))), int(np.ceil(np.log10(factor.high))) + 1)
    least, most = factor.low * (1 - 1e-9), factor.high * (1 + 1e-9)
    ticks = [(first, float(f"{first}e{power}")) for power in powers for first in (1, 2, 5)]
    series = [tick for _, tick in ticks if least <= tick <= most]
    decades = [tick for first, tick in ticks if first == 1 and tick in series]
    if len(decades) > 2:
        return decades[:: 1 + len(decades) // 7]
    return series if len(series) > 1 else number_ticks(factor.low, factor.high, 3)
