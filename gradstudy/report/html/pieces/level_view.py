"""One factor's levels to be drawn: which trials belong to each, where are their points, what are their means?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.space.levels import cut
from gradstudy.notebook.axes import jitter
from gradstudy.records import Factor
from gradstudy.report.html.pieces.axis import Axis, Ticks, factor_ticks
from gradstudy.report.html.pieces.trial_points import Path, TrialPoints, point_paths
from gradstudy.words.level_words import digits_of

VIEW_MARGIN = 8.0
"""Per cent above and below the points of a strip."""


@dataclass(frozen=True)
class LevelView:
    """A factor's `levels` (rows of `Ranking.levels`), the `reference` among their means, with so many `digits`.

    `strips` are the points of every level, along the response's axis. A number has none, but a `scatter` over its range
    with `ticks`, and `thirds`: from which to which per cent of the range does each of its levels go?
    """

    name: str
    said: str
    levels: tuple[Any, ...]
    reference: float
    digits: int
    strips: tuple[tuple[Path, ...], ...]
    scatter: tuple[Path, ...]
    ticks: Ticks
    thirds: tuple[tuple[float, float], ...]


def level_view(factor: Factor, said: str, levels: pd.DataFrame, points: TrialPoints, axis: Axis) -> LevelView:
    """How is this factor drawn, of which this is `said`? `levels` are its own; `axis` is the response's."""
    codes = points.codes[factor.name]
    groups = cut(factor, codes)
    places = [groups.names.index(level) for level in levels["level"]]
    drawn = (
        _over_range(factor, codes, points, axis) if factor.is_number else _by_level(groups.codes, places, points, axis)
    )
    return LevelView(
        name=factor.name,
        said=said,
        levels=tuple(levels.reset_index(drop=True).itertuples()),
        reference=float(levels.loc[levels["reference"], "mean"].max()),
        digits=digits_of(levels),
        thirds=tuple((100 * place / 3, 100 * (place + 1) / 3) for place in places),
        **{"strips": (), "scatter": (), "ticks": (), **drawn},
    )


def _over_range(factor: Factor, codes: np.ndarray, points: TrialPoints, axis: Axis) -> dict[str, Any]:
    scatter = point_paths(100 * codes, 100 - axis.places(points.values), points, codes >= 0)
    return {"scatter": scatter, "ticks": factor_ticks(factor)}


def _by_level(codes: np.ndarray, places: list[int], points: TrialPoints, axis: Axis) -> dict[str, Any]:
    across, down = axis.places(points.values), np.zeros(len(codes))
    for place in places:
        down[codes == place] = VIEW_MARGIN + (100.0 - 2.0 * VIEW_MARGIN) * jitter(points.values[codes == place])
    return {"strips": tuple(point_paths(across, down, points, codes == place) for place in places)}
