"""How does the gradient of one configuration flow back, what is wrong with it, and what became of its members?"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gradstudy.analysis.units import UNITS
from gradstudy.records import MemberRecord
from gradstudy.report.in_words import diagnose
from gradstudy.report.symptoms import Measured
from gradstudy.report.terminal.flow_table import flow_table
from gradstudy.report.terminal.plain import plain_table, plain_text
from gradstudy.report.terminal.probe_table import probe_table
from gradstudy.report.terminal.trial_ways import trial_ways


def flow_page(measured: Measured, overrides: Sequence[str]) -> RenderableType:
    """What is wrong, where does the signal shrink or grow, what was seen inside, how did seeds end, and what now?"""
    sections = (
        plain_text(" ".join(overrides) or "the defaults", "bold"),
        plain_text(diagnose(measured)),
        flow_table(measured.records, measured.prediction),
        probe_table(measured.records),
        _responses(measured.members),
        _seeds(measured.records, measured.members),
        _cost(measured.records),
        trial_ways(overrides, measured.choices),
    )
    first, *others = (section for section in sections if section is not None)
    return Group(first, *(line for section in others for line in (Text(), section)))


def _responses(members: pd.DataFrame) -> Table:
    table = plain_table("response", "median", "lowest", "highest", "", numbers=("median", "lowest", "highest"))
    for response, unit in UNITS.items():
        values = members[response]
        numbers = (f"{value:.2f}" for value in (values.median(), values.min(), values.max()))
        table.add_row(response, *numbers, unit)
    return table


def _seeds(records: Sequence[MemberRecord], members: pd.DataFrame) -> Table:
    table = plain_table("seed", "norm before clipping", "loss", "verdict", numbers=("seed",))
    of_seed = {record.seed: record for record in records}
    for row in members.sort_values("seed").to_dict("records"):
        record = of_seed[row["seed"]]
        norm, loss = (_first_and_last(record, quantity) for quantity in ("norm_before_clipping", "loss"))
        table.add_row(*map(plain_text, (row["seed"], norm, loss, _end(row))))
    return table


def _first_and_last(record: MemberRecord, quantity: str) -> str:
    values = record.series[quantity].values[:, 0]
    return " -> ".join(f"{value:.3g}" for value in values[[0, -1] if len(values) > 1 else slice(None)])


def _end(row: Mapping[str, object]) -> str:
    if pd.isna(row["first_bad_step"]):
        return str(row["verdict"])
    return f"{row['verdict']} at step {row['first_bad_step']:.0f}, first in {row['first_bad_tensor']}"


def _cost(records: Sequence[MemberRecord]) -> Text | None:
    """What did measuring cost? A share of the time of all steps, and None where nobody took it."""
    if not all(record.cost for record in records):
        return None
    recorder, probes = (float(np.median([record.cost[name] for record in records])) for name in ("recorder", "probes"))
    words = f"{100 * recorder:.0f} % of the training time for the record, {100 * probes:.0f} % for looks inside"
    return Text(f"Instrument: {words}.")
