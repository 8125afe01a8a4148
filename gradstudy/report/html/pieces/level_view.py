"""One factor's levels to be drawn: trials as points that cost some ten letters each, and the means beside them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.ranking.trial_outcomes import trial_outcomes
from gradstudy.analysis.space.coordinates import encode
from gradstudy.analysis.space.levels import cut
from gradstudy.notebook.axes import jitter
from gradstudy.records import SCREEN, Factor
from gradstudy.report.findings import Findings
from gradstudy.report.html.pieces.axis import Axis, Ticks, factor_ticks
from gradstudy.tracking.members_file import PHASE
from gradstudy.words.ranking_words import digits_of
from gradstudy.words.trial_words import verdicts_words

POINT_KINDS = ("none", "some", "all")
"""How many members of a trial diverged."""
MOST_DRAWN = 600
"""More points than this lie on top of each other; a random part of them shows the same."""


@dataclass(frozen=True)
class TrialPoints:
    """The trials that are drawn: their `numbers`, `values` (means over seeds) and `kinds`, all [trial].

    A kind is one of KINDS; `verdicts` counts a trial's members in words. `codes` has the coordinates [trial] by factor,
    -1 where it does not live. `total` counts the trials that there are.
    """

    numbers: np.ndarray
    values: np.ndarray
    kinds: np.ndarray
    verdicts: tuple[str, ...]
    codes: dict[str, np.ndarray]
    total: int


def trial_points(findings: Findings, response: str) -> TrialPoints:
    """Where every trial lies, by the response that a ranking tells; of more than MOST_DRAWN a fixed random part."""
    members, factors = findings.run.searched, findings.run.info.factors
    members = members[members[PHASE] == SCREEN]
    outcome = trial_outcomes(members, response, findings.run.info.steps)
    numbers = outcome.trials["trial"].to_numpy()
    drawn = np.sort(np.random.default_rng(0).permutation(len(numbers))[:MOST_DRAWN])
    sizes = np.bincount(outcome.row)
    kinds = np.select(
        [outcome.diverged == 0, outcome.diverged == sizes], [POINT_KINDS[0], POINT_KINDS[2]], POINT_KINDS[1]
    )
    shown = members[members["trial"].isin(numbers[drawn])].sort_values("trial", kind="stable")
    rows = shown[["trial", "verdict", "outcome"]].to_dict("records")
    by_trial: Iterator[tuple[int, Iterator[Any]]] = groupby(rows, itemgetter("trial"))
    codes = encode(outcome.trials.iloc[drawn], factors)
    return TrialPoints(
        numbers=numbers[drawn],
        values=outcome.shown[drawn],
        kinds=kinds[drawn],
        verdicts=tuple(verdicts_words(tuple(own)) for _, own in by_trial),
        codes={factor.name: column for factor, column in zip(factors, codes.T, strict=True)},
        total=len(numbers),
    )


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
    for kind in POINT_KINDS:
        which = np.flatnonzero(shown & (points.kinds == kind))
        strokes = "".join(f"M{x[trial]} {y[trial]}h1" for trial in which)
        paths.append(Path(kind, strokes, " ".join(map(str, points.numbers[which]))))
    return tuple(path for path in paths if path.d)


VIEW_MARGIN = 8.0
"""Per cent above and below the points of a strip."""


@dataclass(frozen=True)
class LevelView:
    """A factor's `levels` (rows of `Ranking.levels`), the `reference` among their means, with so many `digits`.

    `strips` are the points of every level, along the response's axis. A number has none, but a `scatter` over its range
    with `ticks`, and `thirds`: from which to which per cent of the range each of its levels goes.
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
    """How this factor is drawn, of which this is `said`; `levels` are its own, `axis` is the response's."""
    codes = points.codes[factor.name]
    groups = cut(factor, codes)
    places = [groups.names.index(level) for level in levels["level"]]
    over_range = (100 * codes, 100 - axis.places(points.values), points, codes >= 0)
    return LevelView(
        name=factor.name,
        said=said,
        levels=tuple(levels.reset_index(drop=True).itertuples()),
        reference=float(levels.loc[levels["reference"], "mean"].max()),
        digits=digits_of(levels),
        thirds=tuple((100 * place / 3, 100 * (place + 1) / 3) for place in places),
        strips=() if factor.is_number else _strips(groups.codes, places, points, axis),
        scatter=point_paths(*over_range) if factor.is_number else (),
        ticks=factor_ticks(factor) if factor.is_number else (),
    )


def _strips(codes: np.ndarray, places: list[int], points: TrialPoints, axis: Axis) -> tuple[tuple[Path, ...], ...]:
    across, down = axis.places(points.values), np.zeros(len(codes))
    for place in places:
        down[codes == place] = VIEW_MARGIN + (100.0 - 2.0 * VIEW_MARGIN) * jitter(points.values[codes == place])
    return tuple(point_paths(across, down, points, codes == place) for place in places)
