"""What stands at the axes of a signal: names of places, and powers of ten."""

import math
from collections.abc import Sequence
from typing import Any

from gradstudy.thinning import spread

MOST_NAMED = 9
"""Places; the names of more would stand on each other."""


def named(places: Sequence[str], most: int = MOST_NAMED) -> tuple[list[int], list[str]]:
    """Which places get a tick, and how are they called there?"""
    shown = spread(len(places), most).tolist()
    return shown, [places[place].replace("_", " ") for place in shown]


def power(decades: float, _: Any = None) -> str:
    """`1e-05`, and `3.2e-01` between whole decades: an axis in decades, read as the numbers themselves."""
    whole = math.floor(decades)  # beyond float64's range, an axis may still have a tick
    return f"1e{whole:+03d}" if decades == whole else f"{10.0 ** (decades - whole):.1f}e{whole:+03d}"
