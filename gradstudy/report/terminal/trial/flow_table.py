"""How large the signal is at each place, before and after training, and what theory says: a bar per place."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from gradstudy.analysis.theory.prediction import Prediction
from gradstudy.records import MemberRecord
from gradstudy.report.diagnosis.symptoms import look, places_of, steps_of, typical
from gradstudy.report.terminal.plain import Bar, plain_name, plain_table
from gradstudy.series import FAR, evenly_spaced, has_far_flow
from gradstudy.words.number_words import amplitude, rounded

TABLE_PLACES = 24
LEAST = 1e-30
"""What is smaller may have read 0 in float32, whose numbers end at 1e-38, or have met such a number on its way."""
LONG_BAR, SHORT_BAR = 20, 9
"""Characters: two bars and four columns of numbers fill 80, also where a number is underflow (1e-250)."""
MAJORITY = 0.5
"""A place is called what more than this share of the members read there."""


@dataclass(frozen=True)
class Column:
    """What one step read, [member, place]: `recorded` while training, `exact` in float64, nan where nobody looked."""

    heading: str
    recorded: np.ndarray
    exact: np.ndarray

    @property
    def underflow(self) -> np.ndarray:
        """Where training read 0 although there was something, [member, place]."""
        return np.asarray((self.recorded == 0.0) & (self.exact > 0.0) & (self.exact < LEAST))

    @property
    def overflow(self) -> np.ndarray:
        """Where training read inf or nan although there was a number, [member, place]."""
        return np.asarray(~np.isfinite(self.recorded) & np.isfinite(self.exact))

    @cached_property
    def decades(self) -> np.ndarray:
        """log10 of the signal [place] of the typical member, as far as anybody knows."""
        return typical(np.where(self.underflow | self.overflow, self.exact, self.recorded))

    @cached_property
    def words(self) -> list[str]:
        """What is written at each place: its decades, or what else it is."""
        # The last step of a member that diverged is seldom one that float64 looked at.
        unknown = (self.recorded == 0.0) & np.isnan(self.exact)
        kinds = [mask.mean(axis=0) > MAJORITY for mask in (self.underflow, self.overflow, unknown)]
        return [_word(decades, *kind) for decades, *kind in zip(self.decades, *kinds, strict=True)]

    @property
    def is_wide(self) -> bool:
        """Whether a place has more to say than fits where a number does."""
        return max(map(len, self.words)) > len("-307.65")


def flow_table(records: Sequence[MemberRecord], prediction: Prediction | None) -> RenderableType:
    """Where the signal shrinks or grows: log10 of it in the typical seed that reached the step.

    Theory gives log10(D_p / D_last): it is drawn from what was measured at the last place at step 0.
    """
    far = has_far_flow(records[0])
    places, steps = places_of(records, "signal"), steps_of(records, FAR if far else "signal")
    columns = [_column(records, step) for step in dict.fromkeys((steps[0], steps[-1]))]
    low, high = _range(columns)
    length = SHORT_BAR if any(column.is_wide for column in columns) else LONG_BAR
    theory = None if prediction is None else columns[0].decades[-1] + prediction.signal
    table = plain_table(*_headings(columns, theory is not None), numbers=("theory", *(c.heading for c in columns)))
    for place in evenly_spaced(len(places), TABLE_PLACES):
        cells = [(Text(one.words[place]), Bar(_share(one.decades[place], low, high), length)) for one in columns]
        said = [] if theory is None else [Text(signal_number(theory[place]))]
        table.add_row(plain_name(places[place]), *cells[0], *said, *(cell for pair in cells[1:] for cell in pair))
    thinned = [f"{TABLE_PLACES} of {len(places)} places"] if len(places) > TABLE_PLACES else []
    scale = [f"bars from 1e{low:+.0f} to 1e{high:+.0f}"] if high > low else []
    asked = "from the last answer alone: those nearby would hide what is lost from far ones" if far else ""
    whose = "log10 of the median over seeds, each set against its own last place"
    notes = (asked, whose, ", ".join([*thinned, *scale]))
    return Group(table, Text("\n".join(filter(None, notes))))


def signal_number(decades: float) -> str:
    """Decades with two digits, and in words where the amplitude is no number to take a log of."""
    if np.isfinite(decades):
        return rounded(decades, 2)
    return "nan" if np.isnan(decades) else "inf" if decades > 0 else "zero"


def _word(decades: float, underflow: bool, overflow: bool, unknown: bool) -> str:
    if underflow or overflow:
        return f"{'underflow' if underflow else 'overflow'} ({amplitude(decades)})"
    return "reads 0" if unknown else signal_number(decades)


def _column(records: Sequence[MemberRecord], step: int) -> Column:
    far = has_far_flow(records[0])
    recorded, looked = (
        [look([record], name, step) for record in records]
        for name in ((FAR, FAR) if far else ("signal", "signal_float64"))
    )
    exact = [two if len(two) else np.full_like(one, np.nan) for one, two in zip(recorded, looked, strict=True)]
    return Column(f"step {step}", np.concatenate(recorded), np.concatenate(exact))


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
