"""What one column of a table holds, whatever its type is stored as: numbers, words, dates, durations, yes and no."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import (
    infer_dtype,
    is_bool_dtype,
    is_complex_dtype,
    is_datetime64_any_dtype,
    is_numeric_dtype,
    is_timedelta64_dtype,
)

from gradstudy.tasks.cell_numbers import POINT, numbers_in
from gradstudy.tasks.cell_times import dates_in, days, durations_in

NUMBER, WORDS, DATE, DURATION, FLAG = ("number", "words", "date", "duration", "yes or no")
NOTHING = frozenset(["", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "nat", "null", "none", "nil", "?"])
"""What stands for a missing value in any column, in small letters."""
NO_NUMBER = NOTHING | {"-", "--", "---", "–", "—", ".", "..", "*", "n.a.", "k.a.", "missing", "unknown", "x"}
NO_NUMBER |= {"#null!", "#div/0!", "#value!", "#ref!", "#num!", "#name?"}
"""What stands for one where numbers stand otherwise; elsewhere `-` may be a word, as the strand of a gene."""
YES = frozenset(["yes", "true", "y", "t", "on", "ja", "j", "oui", "o", "si", "sí"])
NO = frozenset(["no", "false", "n", "f", "off", "nein", "non"])

LOOKED_AT_FIRST = 500
"""So many different cells of text say what a column cannot hold."""


@dataclass(frozen=True, eq=False)
class TableColumn:
    """A column as numbers, nan where there is none: of words their places in `words`, of dates days, or seconds.

    `odd` says what stands where a number is missing, and how often. `refused`: what it holds that cannot be read.
    """

    name: str
    kind: str
    values: np.ndarray
    words: tuple[str, ...] = ()
    odd: Mapping[str, int] = field(default_factory=dict)
    unit: str = ""
    refused: str = ""

    @property
    def missing(self) -> np.ndarray:
        return np.asarray(~np.isfinite(self.values))


def column_of(name: str, series: "pd.Series[Any]", decimal: str = POINT, *, as_words: bool = False) -> TableColumn:
    """What this column holds. `as_words` keeps numbers as names of something, as those of districts are."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        codes = series.cat.codes.to_numpy(float)
        return TableColumn(name, WORDS, np.where(codes < 0, np.nan, codes), tuple(map(str, series.cat.categories)))
    if as_words:
        codes, words = pd.factorize(series.map(_as_word, na_action="ignore"), sort=True)
        return TableColumn(name, WORDS, np.where(codes < 0, np.nan, codes.astype(float)), tuple(map(str, words)))
    if isinstance(series.dtype, pd.PeriodDtype):
        series = series.dt.to_timestamp()
    elif isinstance(series.dtype, pd.IntervalDtype):
        series = series.astype(str)
    for is_one, (kind, numbers) in BY_TYPE.items():
        if is_one(series):
            return TableColumn(name, kind, np.asarray(numbers(series), float))
    return _objects(name, series, decimal)


def _floats(series: "pd.Series[Any]") -> np.ndarray:
    return np.asarray(series.to_numpy(dtype=float, na_value=np.nan))


BY_TYPE: Mapping[Callable[[Any], bool], tuple[str, Callable[[Any], Any]]] = {
    is_bool_dtype: (FLAG, _floats),
    is_datetime64_any_dtype: (DATE, days),
    is_timedelta64_dtype: (DURATION, lambda series: series.dt.total_seconds()),
    lambda series: is_numeric_dtype(series) and not is_complex_dtype(series): (NUMBER, _floats),
}
"""What columns of one type are, and their numbers."""


def _as_word(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _objects(name: str, series: "pd.Series[Any]", decimal: str) -> TableColumn:
    """Python's own objects, by what they all are."""
    found = infer_dtype(series, skipna=True)
    if found == "string":
        return _text(name, series, decimal)
    if found in MADE_NUMBERS:
        kind, make = MADE_NUMBERS[found]
        return TableColumn(name, kind, _floats(series.map(make, na_action="ignore")))
    if found in ("date", "datetime", "datetime64"):
        return TableColumn(name, DATE, np.asarray(days(pd.to_datetime(series, utc=True))))
    kinds = {type(value).__name__ for value in series.dropna()} - READABLE
    if kinds:
        refused = " and ".join(sorted({OBJECT_WORDS.get(kind, f"values of the type {kind}") for kind in kinds}))
        return TableColumn(name, WORDS, np.zeros(len(series)), refused=refused)
    return _text(name, series.map(_as_word, na_action="ignore"), decimal)


READABLE = {"str", "bool", "int", "float", "Decimal", "date", "datetime", "Timestamp"}
OBJECT_WORDS = {
    **dict.fromkeys(("list", "ndarray", "tuple"), "lists"),
    **{"dict": "dictionaries", "bytes": "bytes", "complex": "complex numbers"},
}
"""What objects are called that no network can read."""
MADE_NUMBERS: Mapping[str, tuple[str, Callable[[Any], float]]] = {
    "boolean": (FLAG, float),
    "decimal": (NUMBER, float),
    "integer": (NUMBER, float),
    "floating": (NUMBER, float),
    "mixed-integer-float": (NUMBER, float),
    "integer-na": (NUMBER, float),
    "time": (DURATION, lambda time: 3600 * time.hour + 60 * time.minute + time.second + time.microsecond / 1e6),
    "timedelta": (DURATION, lambda delta: delta.total_seconds()),
}
"""By what pandas calls objects that are all of one kind: the column's kind, and what makes a number of one."""


@dataclass(frozen=True)
class Cells:
    """The different cells of a column of text, without blanks around, in how many rows each stands, and in which."""

    name: str
    of_code: Sequence[str]
    codes: np.ndarray
    counts: Counter[str]

    @staticmethod
    def of(name: str, series: "pd.Series[Any]") -> "Cells":
        codes, found = pd.factorize(series.astype(object))  # an object each is slow to come out of Arrow
        of_code = [str(cell).strip() for cell in found]
        counts: Counter[str] = Counter()
        for cell, count in zip(of_code, np.bincount(codes[codes >= 0], minlength=len(found)).tolist(), strict=True):
            counts[cell] += count
        return Cells(name, of_code, codes, counts)

    def rows(self, cells: Iterable[str]) -> int:
        return sum(self.counts[cell] for cell in cells)

    def some(self, cells: Sequence[str]) -> list[str]:
        """Some of these cells: those that stand in the most rows, and others evenly spaced."""
        known = set(cells)
        common = [cell for cell, _ in self.counts.most_common(LOOKED_AT_FIRST) if cell in known]
        return list(dict.fromkeys([*common, *cells[:: -(-len(cells) // LOOKED_AT_FIRST) or 1]]))

    def column(self, kind: str, made: Mapping[str, float]) -> TableColumn:
        """A column of what was made of the cells; the others are its gaps."""
        numbers = np.array([*(made.get(cell, np.nan) for cell in self.of_code), np.nan], float)
        odd = {cell: count for cell, count in self.counts.most_common() if cell not in made}
        return TableColumn(self.name, kind, numbers[self.codes], odd=odd)


def _text(name: str, series: "pd.Series[Any]", decimal: str) -> TableColumn:
    """Numbers where most cells are numbers; yes and no, durations or dates where all of them are; else words."""
    cells = Cells.of(name, series)
    likely = [cell for cell in cells.counts if cell.lower() not in NO_NUMBER]
    some = cells.some(likely)  # a million different names are no numbers, and to look at each takes seconds
    if numbers_in(some, decimal).values:
        numbers = numbers_in(likely, decimal)
        if 2 * cells.rows(numbers.values) > cells.rows(likely):
            return replace(cells.column(NUMBER, numbers.values), unit=numbers.unit)
    for kind, read in ((FLAG, _flags_in), (DURATION, durations_in), (DATE, dates_in)):
        if likely and len(read(some)) == len(some) and len(made := read(likely)) == len(likely):
            return cells.column(kind, made)
    words = sorted(cell for cell in cells.counts if cell.lower() not in NOTHING)
    return replace(cells.column(WORDS, {word: place for place, word in enumerate(words)}), words=tuple(words))


def _flags_in(cells: Sequence[str]) -> dict[str, float]:
    """1 and 0 of cells that all say yes or no, in one way or several; nothing where only one of the two is said."""
    small = {cell.lower() for cell in cells}
    both = small <= YES | NO and small & YES and small & NO
    return {cell: float(cell.lower() in YES) for cell in cells} if both else {}
