"""How an answer's signal fades on its way back through time, where every time step has an answer."""

from collections.abc import Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gradstudy.analysis.responses.fading import fadings
from gradstudy.analysis.theory.prediction import Prediction
from gradstudy.records import MemberRecord
from gradstudy.report.terminal.plain import plain_name, plain_table
from gradstudy.report.terminal.trial.flow_table import signal_number
from gradstudy.series import median_of_seeds

MOST_DISTANCES = 7
"""Columns of decades that fill 80 characters beside a name."""


def fading_table(records: Sequence[MemberRecord], prediction: Prediction | None) -> RenderableType | None:
    """What is left of an answer's signal so many time steps before it, and what theory says; None where nobody looked.

    Median over the seeds that reached the step; distances are evenly spread over decades.
    """
    found = fadings(records)
    if not found:
        return None
    farthest = next(iter(found.values())).decades.shape[-1] - 1
    shown = np.unique(np.geomspace(1, farthest, MOST_DISTANCES).round().astype(int))
    table = plain_table("steps before an answer", *map(str, shown), numbers=tuple(map(str, shown)))
    for state, fading in found.items():
        for which in fading.ends:
            name = f"step {fading.steps[which]}" + (f", {state}" if len(found) > 1 else "")
            _add(table, name, median_of_seeds(fading.decades[:, which])[shown])
            if prediction is not None and which == 0:
                _add(table, "theory", prediction.by_distance[shown])
    return Group(table, Text("log10 of what is left of the answer's signal, median over answers and seeds"))


def _add(table: Table, name: str, decades: np.ndarray) -> None:
    table.add_row(plain_name(name), *(Text(signal_number(one)) for one in decades))
