"""A matrix with names and numbers, drawn: what acts together, and what happens where two factors meet."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def heat_map(matrix: np.ndarray, rows: Sequence[str], columns: Sequence[str], *, digits: int, axes: Any = None) -> Any:
    """Which entries of this matrix [row, column] are large? Matplotlib axes, new ones by default.

    Every entry is written in its field; what is missing stays blank.
    """
    if axes is None:
        from matplotlib import pyplot

        size = (2.5 + 0.7 * len(columns), 1.8 + 0.5 * len(rows))
        _, axes = pyplot.subplots(figsize=size, layout="constrained")
    image = axes.imshow(matrix, cmap="cividis", aspect="auto")
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    for row, column in np.argwhere(np.isfinite(matrix)):
        # Dark letters on the bright half of the colours, and the other way round.
        colour = "black" if image.norm(matrix[row, column]) > 0.5 else "white"
        axes.text(column, row, f"{matrix[row, column]:.{digits}f}", ha="center", va="center", color=colour)
    axes.figure.colorbar(image, ax=axes)
    return axes
