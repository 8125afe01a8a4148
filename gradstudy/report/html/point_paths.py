"""Hundreds of trials as points that cost some ten letters each: very short strokes of one SVG path per kind.

Ones of no length at all are points on screens, but square ones are missing in print.
"""

from dataclasses import dataclass

import numpy as np

from gradstudy.report.html.trial_points import KINDS, TrialPoints

SIDE = 1000
"""Coordinates run from 0 to this, both ways, and are stretched over whatever room there is."""


@dataclass(frozen=True)
class Path:
    """The points of one kind as the `d` of a path, and the numbers of their trials in its order."""

    kind: str
    d: str
    trials: str


def point_paths(across: np.ndarray, down: np.ndarray, points: TrialPoints, shown: np.ndarray) -> tuple[Path, ...]:
    """A path for every kind that occurs among those `shown`, [trial] at per cents from the left and from the top."""
    x, y = (np.rint(place * SIDE / 100).astype(int) for place in (across, down))
    paths = []
    for kind in KINDS:
        which = np.flatnonzero(shown & (points.kinds == kind))
        strokes = "".join(f"M{x[trial]} {y[trial]}h1" for trial in which)
        paths.append(Path(kind, strokes, " ".join(map(str, points.numbers[which]))))
    return tuple(path for path in paths if path.d)
