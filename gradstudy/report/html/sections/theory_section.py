"""Does theory predict the gain before training? What was measured over what mean-field theory says, trial by trial."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from gradstudy.analysis.theory.agreement import Agreement
from gradstudy.report.findings import Findings
from gradstudy.report.html.pieces.axis import Axis, axis_of
from gradstudy.report.html.pieces.level_view import SIDE
from gradstudy.report.rendering import render

ENDS = ["predicted", "measured", "lowest", "highest"]


def theory_section(findings: Findings) -> Markup:
    """How far is the predicted gain at initialisation from the measured one? Where theory is silent, it says so."""
    agreement = findings.theory
    if agreement is None:
        return render("theory.html", theory=None)
    inside, beyond = (agreement.table[agreement.table["in_range"] == flag] for flag in (True, False))
    axis = axis_of(inside[ENDS].to_numpy(dtype=float)) if len(inside) else Axis(-1.0, 1.0)
    return render(
        "theory.html",
        theory=agreement,
        axis=axis,
        points=_points(inside, axis),
        ranges=_ranges(inside, axis),
        crosses=_crosses(beyond, axis),
        beyond=_points(beyond, axis),
        told={int(row["trial"]): _told(row) for row in agreement.table.to_dict("records")},
        seeds=findings.run.info.seeds,
        worst=_worst(agreement),
    )


def _points(table: pd.DataFrame, axis: Axis) -> tuple[str, str]:
    """Zero-length strokes at predicted x measured, and the numbers of the trials in their order."""
    strokes = (f"M{x} {y}h0" for x, y in zip(_across(table, axis), _down(table["measured"], axis), strict=True))
    return "".join(strokes), " ".join(map(str, table["trial"]))


def _ranges(table: pd.DataFrame, axis: Axis) -> str:
    """From the lowest seed to the highest."""
    rows = zip(_across(table, axis), _down(table["lowest"], axis), _down(table["highest"], axis), strict=True)
    return "".join(f"M{x} {low}V{high}" for x, low, high in rows if low != high)


def _crosses(table: pd.DataFrame, axis: Axis) -> str:
    ends = zip(_across(table, axis), _down(table["measured"], axis), strict=True)
    return "".join(f"M{x - 10} {y - 10}l20 20m0-20l-20 20" for x, y in ends)


def _across(table: pd.DataFrame, axis: Axis) -> Sequence[int]:
    return _pixels(axis.places(table["predicted"].to_numpy(dtype=float)))


def _down(numbers: pd.Series, axis: Axis) -> Sequence[int]:
    return _pixels(100.0 - axis.places(numbers.to_numpy(dtype=float)))


def _pixels(places: np.ndarray) -> Sequence[int]:
    return [int(pixel) for pixel in np.rint(places * SIDE / 100)]


def _told(row: Mapping[Any, Any]) -> str:
    seeds = f" (seeds {row['lowest']:.2f} to {row['highest']:.2f})" if row["lowest"] < row["highest"] else ""
    return f"predicted {row['predicted']:.2f}, measured {row['measured']:.2f}{seeds}"


def _worst(agreement: Agreement) -> str:
    """Which trial is furthest from what theory says?"""
    inside = agreement.table[agreement.table["in_range"]]
    if inside.empty:
        return ""
    row = inside.iloc[int((inside["measured"] - inside["predicted"]).abs().to_numpy().argmax())]
    return f"Furthest from it is trial {row['trial']:.0f}: {_told(row.to_dict())}."
