"""A matrix with names and numbers, drawn: what acts together, and what happens where two factors meet."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradstudy.notebook.axes import axes_or_new, letters
from gradstudy.notebook.palette import SEQUENTIAL

LARGEST_LETTERS, SMALLEST_LETTERS = 10.0, 5.5
"""Points of the letters, which shrink where there are many columns."""


def heat_map(
    matrix: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    write: Callable[[float], str],
    unit: str,
    axes: Any = None,
) -> Any:
    """Which entries of this matrix [row, column] are large? Matplotlib axes, new ones by default.

    Every entry is written in its field by `write`; what is missing stays blank. `unit` stands at the colour bar.
    """
    axes = axes_or_new(axes, (2.5 + 0.7 * len(columns), 1.8 + 0.5 * len(rows)))
    image = axes.imshow(matrix, cmap=SEQUENTIAL, aspect="auto")
    axes.set_xticks(range(len(columns)), map(letters, columns), rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), map(letters, rows))
    size = float(np.clip(70.0 / max(len(columns), 1), SMALLEST_LETTERS, LARGEST_LETTERS))
    for row, column in np.argwhere(np.isfinite(matrix)):
        # Dark letters on the bright half of the colours, and the other way round.
        colour = "black" if image.norm(matrix[row, column]) > 0.5 else "white"
        words = write(matrix[row, column])
        axes.text(column, row, words, ha="center", va="center", color=colour, fontsize=size)
    axes.figure.colorbar(image, ax=axes, label=unit)
    return axes
