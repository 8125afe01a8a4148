"""Where a picture is drawn, and what stands at its axes."""

import io
import logging
import math
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from gradstudy.series import evenly_spaced

Size = tuple[float, float]
"""Inches, width first."""

USUAL: Size = (5.0, 4.0)


def axes_or_new(axes: Any, size: Size = USUAL) -> Any:
    """These matplotlib axes, or new ones that a notebook shows by itself."""
    if axes is not None:
        return axes
    from matplotlib import pyplot  # a fraction of a second, which a study without a picture need not wait

    return pyplot.subplots(figsize=size, layout="constrained")[1]


def png(draw: Callable[[Any], Any], size: Size = USUAL) -> bytes:
    """What `draw` leaves on the axes it is given, as a picture file: `png(ranking.plot)`.

    Without pyplot, which belongs to whoever is drawing, and whatever backend that has.
    """
    _list_fonts()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure, picture = Figure(figsize=size, layout="constrained"), io.BytesIO()
    draw(figure.subplots())
    FigureCanvasAgg(figure).print_png(picture)  # type: ignore[no-untyped-call]  # matplotlib leaves it untyped
    return picture.getvalue()


def _list_fonts() -> None:
    """Has matplotlib look for fonts, without a word of that: on a new machine it would stand in a study's progress."""
    if "matplotlib.font_manager" in sys.modules:
        return
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        import_module("matplotlib.font_manager")
    finally:
        log.setLevel(level)


MOST_NAMED = 9
"""Places; the names of more would stand on each other."""


def named(places: Sequence[str], most: int = MOST_NAMED) -> tuple[list[int], list[str]]:
    """The places that get a tick, and how they are called there."""
    shown = evenly_spaced(len(places), most).tolist()
    return shown, [places[place].replace("_", " ") for place in shown]


def power(decades: float, _: Any = None) -> str:
    """`1e-05`, and `3.2e-01` between whole decades: an axis in decades, read as the numbers themselves."""
    whole = math.floor(decades)  # beyond float64's range, an axis may still have a tick
    return f"1e{whole:+03d}" if decades == whole else f"{10.0 ** (decades - whole):.1f}e{whole:+03d}"


MOST_LETTERS = 28
"""A longer name leaves no room for what is drawn."""


def letters(name: object) -> str:
    """A name letter by letter, cut where it is too long: two dollar signs are no formula, and a line break is a blank.

    Matplotlib would read `$...$` as one, and refuse what is none.
    """
    whole = " ".join(str(name).split())
    shown = whole if len(whole) <= MOST_LETTERS else f"{whole[: MOST_LETTERS - 1]}…"
    return shown.replace("$", r"\$")


GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it, less their whole part, spread evenly however many there are."""


def jitter(values: np.ndarray) -> np.ndarray:
    """Where across the strip each point stands, [point] from 0 to 1; neighbouring and equal values lie apart."""
    order = np.argsort(np.argsort(values, kind="stable"))
    return order * GOLDEN % 1.0
