"""What did the looks inside find, at the start and at the end of training?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from gradstudy.records import MemberRecord
from gradstudy.report.diagnosis.symptoms import look, steps_of
from gradstudy.report.terminal.plain import plain_name, plain_table


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _number(value: float) -> str:
    return f"{value:.3g}"


@dataclass(frozen=True)
class ProbeRow:
    """A quantity, how it is called, how its values are written, and which of its places counts: None for all."""

    name: str
    quantity: str
    write: Callable[[float], str] = _number
    place: int | None = None


PROBE_ROWS = (
    ProbeRow("dead units", "dead_units", _percent),
    ProbeRow("saturated units", "saturated_units", _percent),
    ProbeRow("update / weight", "update_ratio"),
    ProbeRow("below adam's eps", "adam_eps_share", _percent),
    ProbeRow("gradient through skips", "skip_share", _percent),
    ProbeRow("cosine of successive gradients", "gradient_cosine"),
    ProbeRow("held-out accuracy", "held_out_accuracy", _percent),
    ProbeRow("held-out loss", "held_out_loss"),
    ProbeRow("jacobian, largest singular value", "jacobian", place=0),
    ProbeRow("jacobian, smallest", "jacobian", place=-1),
    ProbeRow("correlation of jacobians", "jacobian_correlation"),
    ProbeRow("correlation of samples", "sample_correlation"),
    ProbeRow("gradient noise scale, samples", "noise_scale"),
)


def probe_table(records: Sequence[MemberRecord]) -> RenderableType | None:
    """Median over places and seeds of what was looked at now and then; None where nothing was.

    A row has its own first and last step: the cosine begins at step 1, and the held-out set comes after the last one.
    """
    rows = [(row, steps) for row in PROBE_ROWS if (steps := steps_of(records, row.quantity))]
    if not rows:
        return None
    table = plain_table("looking inside", "first look", "last look", "at steps", numbers=("first look", "last look"))
    for row, steps in rows:
        ends = list(dict.fromkeys((steps[0], steps[-1])))
        cells = [Text(_cell(records, row, step)) for step in ends]
        table.add_row(plain_name(row.name), cells[0], *cells[1:] or [Text("")], Text(" and ".join(map(str, ends))))
    return Group(table, Text("median over places and seeds"))


def _cell(records: Sequence[MemberRecord], row: ProbeRow, step: int) -> str:
    values = look(records, row.quantity, step)
    values = values if row.place is None else values[:, row.place]
    known = values[np.isfinite(values)]  # the first update of a bias of 0 is infinitely large beside it
    return row.write(float(np.median(known))) if known.size else "not finite"
