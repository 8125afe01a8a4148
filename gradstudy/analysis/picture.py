"""Where a picture is drawn: on axes of pyplot for whoever looks, or into a file that leaves no trace there."""

import io
from collections.abc import Callable
from typing import Any

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
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure, picture = Figure(figsize=size, layout="constrained"), io.BytesIO()
    draw(figure.subplots())
    FigureCanvasAgg(figure).print_png(picture)
    return picture.getvalue()
