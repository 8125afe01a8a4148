"""How large is the signal at each place, before and after training, and what does theory say? A bar per place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from gradstudy.analysis.mean_field.prediction import Prediction
from gradstudy.records import MemberRecord
from gradstudy.report.looks import look, median, places_of, steps_of
from gradstudy.report.plain import Bar, plain_name, plain_table

MOST_PLACES = 24
LEAST = 1e-30
"""What is smaller may have read 0 in float32, whose numbers end at 1e-38, or have met such a number on its way."""
LONG_BAR, SHORT_BAR = 20, 9
"""Characters: two bars and four columns of numbers fill 80, also where a number is underflow (1e-250)."""


@dataclass(frozen=True)
class Column:
    """What one step read, `recorded` [place] while training and `exact` in float64: nan where nobody looked."""

    heading: str
    recorded: np.ndarray
    exact: np.ndarray

    @property
    def underflow(self) -> np.ndarray:
        """Where did training read 0 although there was something? [place]"""
        return (self.recorded == 0.0) & (self.exact > 0.0) & (self.exact < LEAST)

    @property
    def decades(self) -> np.ndarray:
        """log10 of the signal [place], as far as anybody knows."""
        with np.errstate(divide="ignore"):
            return np.log10(np.where(self.underflow, self.exact, self.recorded))

    def word(self, place: int) -> str:
        """What is written at a place: its decades, or what else it is."""
        if self.underflow[place]:
            return f"underflow ({self.exact[place]:.0e})"
        if self.recorded[place] == 0.0 and np.isnan(self.exact[place]):
            return "reads 0"  # the last step of a member that diverged is seldom one that float64 looked at
        return number(self.decades[place])


def flow_table(records: Sequence[MemberRecord], prediction: Prediction | None) -> RenderableType:
    """Where does the signal shrink or grow? log10 of the median over the seeds that reached the step, place by place.

    Theory gives log10(D_p / D_last): it is drawn from what was measured at the last place at step 0.
    """
    places, columns = places_of(records, "signal"), _columns(records)
    low, high = _range(columns)
    length = SHORT_BAR if any(column.underflow.any() for column in columns) else LONG_BAR
    theory = None if prediction is None else columns[0].decades[-1] + prediction.signal
    table = plain_table(*_headings(columns, theory is not None), numbers=("theory", *(c.heading for c in columns)))
    shown = shown_places(len(places))
    for place in shown:
        cells = [(Text(one.word(place)), Bar(_share(one.decades[place], low, high), length)) for one in columns]
        said = [] if theory is None else [Text(number(theory[place]))]
        table.add_row(plain_name(places[place]), *cells[0], *said, *(cell for pair in cells[1:] for cell in pair))
    count = f"{len(shown)} of {len(places)} places, " if len(shown) < len(places) else ""
    scale = f"; bars from 1e{low:+.0f} to 1e{high:+.0f}" if high > low else ""
    return Group(table, Text(f"{count}log10 of the median over seeds{scale}"))


def shown_places(count: int) -> list[int]:
    """Which places fit on a page? All of them, or MOST_PLACES evenly spaced ones with the first and the last."""
    return [int(place) for place in np.linspace(0, count - 1, min(count, MOST_PLACES)).round()]


def number(decades: float) -> str:
    """How are decades written? With two digits, and in words where the amplitude is no number to take a log of."""
    if np.isfinite(decades):
        return f"{round(decades, 2) + 0.0:.2f}"  # + 0.0: no negative zero
    return "nan" if np.isnan(decades) else "inf" if decades > 0 else "zero"


def _columns(records: Sequence[MemberRecord]) -> list[Column]:
    """The first recorded step, and the last where that is another."""
    steps = steps_of(records, "signal")
    return [_column(records, step) for step in dict.fromkeys((steps[0], steps[-1]))]


def _column(records: Sequence[MemberRecord], step: int) -> Column:
    recorded, exact = (look(records, quantity, step) for quantity in ("signal", "signal_float64"))
    unknown = np.full((1, recorded.shape[1]), np.nan)
    return Column(f"step {step}", median(recorded), median(exact if len(exact) else unknown))


def _headings(columns: Sequence[Column], has_theory: bool) -> list[str]:
    first, *others = ([column.heading, ""] for column in columns)
    return ["place", *first, *(["theory"] if has_theory else []), *(heading for pair in others for heading in pair)]


def _range(columns: Sequence[Column]) -> tuple[float, float]:
    """Whole decades, from below the smallest number, whose bar shows, to above the largest; without one, no range."""
    decades = np.concatenate([column.decades for column in columns])
    finite = decades[np.isfinite(decades)]
    return (float(np.ceil(finite.min())) - 1, float(np.floor(finite.max())) + 1) if finite.size else (0.0, 0.0)


def _share(decades: float, low: float, high: float) -> float:
    if not np.isfinite(decades):
        return float(decades == np.inf)
    return (decades - low) / (high - low)
