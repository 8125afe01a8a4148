"""Dates and durations as people write them, as numbers: days since 1970, and seconds."""

import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

DURATION_PATTERN = re.compile(
    r"(?:(?P<days>\d+) days?,? )?(?P<h>\d{1,4}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d(?:[.,]\d+)?))?"
)
DATE_PATTERN = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?|\d{1,2}[-/. ]{1,2}(?:\d{1,2}|[^\W\d]{3,9})[-/., ]{1,2}\d{2,4}"
    r"|[^\W\d]{3,9}\.? \d{1,2},? \d{4}|[^\W\d]{3,9} \d{4})(?:[T ,].*)?"
)
FORMATS: tuple[Mapping[str, Any], ...] = (
    {"format": "ISO8601"},
    {"dayfirst": False},
    {"dayfirst": True},
    {"format": "mixed", "dayfirst": True},
)
"""Tried one after the other; where 03/04/2020 may mean two days and no other row tells, the month comes first."""


def durations_in(cells: Iterable[str]) -> dict[str, float]:
    """Seconds of the cells that say how long, or what time of day: `1:02:03`, `12:30`, `2 days 01:00:00`."""
    found = {cell: match for cell in cells if (match := DURATION_PATTERN.fullmatch(cell))}
    return {cell: _seconds(match) for cell, match in found.items()}


def _seconds(match: re.Match[str]) -> float:
    days, hours, minutes = (int(match[name] or 0) for name in ("days", "h", "m"))
    return 86400.0 * days + 3600 * hours + 60 * minutes + float((match["s"] or "0").replace(",", "."))


def dates_in(cells: Iterable[str]) -> dict[str, float]:
    """Days since 1970 of cells that are all dates; nothing where one is none."""
    cells = list(cells)
    if not cells or not all(map(DATE_PATTERN.fullmatch, cells)):
        return {}
    by_day = all(re.match(r"\d{1,2}\.", cell) for cell in cells)  # 03.04.2020 is in April wherever points are written
    for way in FORMATS[2:] if by_day else FORMATS:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of a format that it could not infer: the next is tried
                moments = pd.to_datetime(pd.Series(cells, dtype=object), utc=True, **way)
        except (ValueError, OverflowError):  # a date of another format, or out of nanoseconds
            continue
        return dict(zip(cells, days(moments), strict=True))
    return {}


def days(moments: "pd.Series[Any]") -> list[float]:
    """Days since 1970 of dates, with or without a time zone; nan where there is none."""
    local = moments.dt.tz_convert(None) if getattr(moments.dt, "tz", None) is not None else moments
    stamps = local.to_numpy("datetime64[us]")  # nanoseconds end in 2262
    return list(np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 86400e6))


def day_words(day: float) -> str:
    """A date as ISO 8601 has it, with its time where it is not midnight."""
    return str(np.datetime64(round(day * 86400), "s")).replace("T", " ").removesuffix(" 00:00:00")
