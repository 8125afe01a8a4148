"""The gain before training, measured over what mean-field theory predicts, trial by trial."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from gradstudy.analysis.theory.agreement import Agreement
from gradstudy.report.findings import Findings
from gradstudy.report.html.pieces.axis import Axis, axis_of
from gradstudy.report.html.pieces.level_view import SIDE
from gradstudy.report.rendering import render
from gradstudy.words.number_words import rounded

ENDS = ["predicted", "measured", "lowest", "highest"]


def theory_section(findings: Findings) -> Markup:
    """How far the predicted gain at initialisation is from the measured one. Where theory is silent, it says so."""
    agreement = findings.theory
    if agreement is None:
        return render("theory.html", theory=None)
    inside, beyond = (agreement.table[agreement.table["in_range"] == flag] for flag in (True, False))
    axis = axis_of(inside[ENDS].to_numpy(dtype=float)) if len(inside) else Axis(-1.0, 1.0)
    seeds = zip(*_pixels(inside, axis, "lowest", "highest"), strict=True)
    edges = zip(*_pixels(beyond, axis, "measured"), strict=True)
    return render(
        "theory.html",
        theory=agreement,
        axis=axis,
        points=_points(inside, axis),
        ranges="".join(f"M{x} {low}V{high}" for x, low, high in seeds if low != high),
        crosses="".join(f"M{x - 10} {y - 10}l20 20m0-20l-20 20" for x, y in edges),
        beyond=_points(beyond, axis),
        told={int(row["trial"]): _told(row) for row in agreement.table.to_dict("records")},
        seeds=findings.run.info.seeds,
        worst=_worst(agreement),
    )


def _points(table: pd.DataFrame, axis: Axis) -> tuple[str, str]:
    """Zero-length strokes at predicted x measured, and the numbers of the trials in their order."""
    strokes = "".join(f"M{x} {y}h0" for x, y in zip(*_pixels(table, axis, "measured"), strict=True))
    return strokes, " ".join(map(str, table["trial"]))


def _pixels(table: pd.DataFrame, axis: Axis, *columns: str) -> list[list[int]]:
    """Where the predictions stand from the left, and the numbers in each of these columns from the top, [trial]."""
    across = axis.places(table["predicted"].to_numpy(dtype=float))
    down = [100.0 - axis.places(table[column].to_numpy(dtype=float)) for column in columns]
    return [np.rint(places * SIDE / 100).astype(int).tolist() for places in (across, *down)]


def _told(row: Mapping[Any, Any]) -> str:
    seeds = (
        f" (seeds {rounded(row['lowest'], 2)} to {rounded(row['highest'], 2)})"
        if row["lowest"] < row["highest"]
        else ""
    )
    return f"predicted {rounded(row['predicted'], 2)}, measured {rounded(row['measured'], 2)}{seeds}"


def _worst(agreement: Agreement) -> str:
    """Which trial is furthest from what theory says."""
    inside = agreement.table[agreement.table["in_range"]]
    if inside.empty:
        return ""
    row = inside.iloc[int((inside["measured"] - inside["predicted"]).abs().to_numpy().argmax())]
    return f"Furthest from it is trial {row['trial']:.0f}: {_told(row.to_dict())}."
