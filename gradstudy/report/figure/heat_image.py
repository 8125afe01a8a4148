"""A map of decades as a small picture file: one field per number, dark for little and bright for much.

What has no size is told apart by a pattern too: exactly zero is black with a dot, not finite vermilion with a stroke.
"""

import base64
import io
from functools import cache

import numpy as np
from PIL import Image

from gradstudy.notebook.palette import SEQUENTIAL, VERDICT_COLOURS

COLOURS = 64
"""Two more bits would double the file, and nobody would see them."""
BLACK, WHITE, STRUCK = range(COLOURS, COLOURS + 3)
FINE = (80, 160)
"""Rows and columns of pixels that a pattern takes at least, or its dots and strokes would be as large as fields."""

Scale = tuple[float, float]
"""From which to which decade the colours go."""


def scale_of(decades: np.ndarray, tail: float = 0.0) -> Scale:
    """Whole decades around all finite numbers, with room for half a decade at both ends.

    A `tail` leaves this share of the numbers beyond either end.
    """
    finite = decades[np.isfinite(decades)]
    low, high = np.quantile(finite, [tail, 1.0 - tail]) if finite.size else (0.0, 0.0)
    return float(np.floor(low - 0.5)), float(np.ceil(high + 0.5))


def heat_png(decades: np.ndarray, scale: Scale) -> bytes:
    """The picture of `decades` [row, column]: -inf is exactly zero, inf not finite."""
    zero, broken = decades == -np.inf, decades == np.inf
    known = np.where(np.isfinite(decades), decades, scale[0])
    place = np.clip((known - scale[0]) / (scale[1] - scale[0]), 0.0, 1.0)
    fields = np.rint(place * (COLOURS - 1)).astype(np.uint8)
    if zero.any() or broken.any():
        fields = _patterned(fields, zero, broken)
    image, file = Image.fromarray(fields), io.BytesIO()
    image.putpalette(_palette())
    image.save(file, "png")
    return file.getvalue()


def data_address(png: bytes) -> str:
    """The picture as an address that needs no file."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


@cache
def colour_stops(count: int = 9) -> tuple[str, ...]:
    """So many colours of the scale, from little to much, for the gradient of its key."""
    return tuple("#{:02x}{:02x}{:02x}".format(*colour) for colour in _colours(count))


def _patterned(fields: np.ndarray, zero: np.ndarray, broken: np.ndarray) -> np.ndarray:
    """The same with more pixels to a field, and dots and strokes where there is no size."""
    fine = [-(-least // count) for least, count in zip(FINE, fields.shape, strict=True)]
    fields, zero, broken = (np.repeat(np.repeat(one, fine[0], 0), fine[1], 1) for one in (fields, zero, broken))
    down, across = np.indices(fields.shape)
    fields[zero] = np.where((down % 4 == 1) & (across % 4 == 1), WHITE, BLACK)[zero]
    fields[broken] = np.where((down + across) % 6 < 2, WHITE, STRUCK)[broken]
    return fields


@cache
def _palette() -> bytes:
    struck = bytes.fromhex(VERDICT_COLOURS["diverged"].removeprefix("#"))
    return _colours(COLOURS).tobytes() + bytes([0, 0, 0, 255, 255, 255]) + struck


def _colours(count: int) -> np.ndarray:
    from matplotlib import colormaps  # half a second, which no launch waits for before it trains

    shades = np.asarray(colormaps[SEQUENTIAL](np.linspace(0, 1, count)))
    return np.asarray(np.rint(255 * shades[:, :3]), np.uint8)
