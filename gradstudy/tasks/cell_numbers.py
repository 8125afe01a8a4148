"""Numbers as people write them: thousands apart, a decimal comma, money, percent, a unit, brackets for a minus."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

POINT, COMMA = ".", ","
OTHER = {POINT: COMMA, COMMA: POINT}

MONEY = r"[€$£¥₹]|(?:EUR|USD|GBP|CHF|JPY|INR)\b"
UNIT = rf"%|{MONEY}|°?[^\W\d_]{{1,6}}(?:[/²³][^\W\d_]{{0,3}})?"


def _number(mark: str) -> re.Pattern[str]:
    digits = rf"(?:[1-9]\d{{0,2}}(?:[ '’\u00a0\u2009\u202f{OTHER[mark]}]\d{{3}})+|\d*)(?:\{mark}\d*)?"
    sign = r"[-+−]?"
    return re.compile(
        rf"(?P<sign>{sign})\s*(?P<before>{MONEY})?\s*(?P<inner>{sign})(?P<digits>{digits})(?P<power>[eE][-+]?\d+)?"
        rf"\s*(?P<after>{UNIT})?"
    )


def _clear(mark: str) -> re.Pattern[str]:
    """Digits: a lone 0 or many before the mark, no three behind it, or groups of thousands by the other mark."""
    return re.compile(
        rf"(?:0?|\d{{4,}})\{mark}\d+|\d+\{mark}(?:\d\d?|\d{{4,}})|\d+(?:\{OTHER[mark]}\d{{3}})+\{mark}\d+"
    )


NUMBER_PATTERN = {mark: _number(mark) for mark in OTHER}
CLEAR = {mark: _clear(mark) for mark in OTHER}
"""What this mark alone explains: 1.5, but not 1.234, which is more than a thousand where a comma is the mark."""

CELLS_THAT_TELL = 5000
"""So many cells tell the mark of a column."""


@dataclass(frozen=True)
class CellNumbers:
    """The numbers among a column's cells, by cell, and the unit that stands beside them."""

    values: Mapping[str, float]
    unit: str = ""


def decimal_mark(cells: Iterable[str]) -> str:
    """The decimal mark that cells leave no doubt of: a point or a comma; empty where none tells, or they disagree."""
    marks = set()
    for cell in cells:
        for mark, clear in CLEAR.items():
            if (found := NUMBER_PATTERN[mark].fullmatch(cell)) and clear.fullmatch(found["digits"]):
                marks.add(mark)
    return marks.pop() if len(marks) == 1 else ""


def numbers_in(cells: Iterable[str], mark: str) -> CellNumbers:
    """The numbers among these different cells, with this decimal mark; with the other one where that alone fits."""
    cells = list(cells)
    ours = _read(cells, mark)
    if len(ours.values) < len(cells) and decimal_mark(cells[:CELLS_THAT_TELL]) == OTHER[mark]:
        return _read(cells, OTHER[mark])
    return ours


def _read(cells: Iterable[str], mark: str) -> CellNumbers:
    values, units = {}, {}
    for cell in cells:
        in_brackets = cell[:1] == "(" and cell[-1:] == ")"
        found = NUMBER_PATTERN[mark].fullmatch(cell[1:-1].strip() if in_brackets else cell)
        if found and (digits := "".join(c for c in found["digits"] if c.isdecimal() or c == mark)).strip(mark):
            below = in_brackets or (found["sign"] + found["inner"]).strip("+")
            values[cell] = float(f"{'-' if below else ''}{digits.replace(mark, POINT)}{found['power'] or ''}")
            units[cell] = (found["before"] or "") + (found["after"] or "")
    unit, count = Counter(units.values()).most_common(1)[0] if units else ("", 0)
    if 2 * count <= len(units):  # kilograms beside pounds are no numbers that can be compared
        unit = ""
    return CellNumbers({cell: value for cell, value in values.items() if units[cell] in ("", unit)}, unit)
