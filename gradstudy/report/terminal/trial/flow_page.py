"""One configuration: how its gradient flows back, what is wrong with it, and what became of its members."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gradstudy.measurement import Measurement
from gradstudy.records import MemberRecord
from gradstudy.report.diagnosis.diagnose import diagnose
from gradstudy.report.terminal.plain import plain_table, plain_text, way_on
from gradstudy.report.terminal.trial.flow_table import flow_table
from gradstudy.report.terminal.trial.probe_table import probe_table
from gradstudy.response import RESPONSES
from gradstudy.words.command_words import folded_call, folded_command

SUSPECTS = {"activation": ("relu", "tanh"), "init": ("default", "orthogonal")}
"""Groups that decide most, and options to set beside the measured one."""


def trial_ways(overrides: Sequence[str], choices: Mapping[str, str]) -> RenderableType:
    """Which command asks what decides it, and how is it measured in a notebook? `choices` are its options by group."""
    command = shlex.join(["python", "-m", "gradstudy", *_study(overrides, choices)])
    call = f"gradstudy.measure({json.dumps(list(overrides), ensure_ascii=False)})"
    return Group(
        way_on("what causes it", command, folded_command(command)),
        way_on("in a notebook", call, folded_call("gradstudy.measure", overrides) if overrides else ""),
    )


def _study(overrides: Sequence[str], choices: Mapping[str, str]) -> list[str]:
    """The study that it was a trial of, or one around it."""
    studies = [override for override in overrides if override.startswith("+study=")]
    if studies:
        return studies
    fixed = [override for override in overrides if override.partition("=")[0].partition(".")[0] not in SUSPECTS]
    levels = {group: dict.fromkeys((choices[group], *others)) for group, others in SUSPECTS.items()}
    return ["name=mine", *fixed, *(f"+space.{group}=choice({','.join(words)})" for group, words in levels.items())]


def flow_page(measured: Measurement, overrides: Sequence[str]) -> RenderableType:
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
    for name, response in RESPONSES.items():
        values = members[name]
        numbers = (f"{value:.2f}" for value in (values.median(), values.min(), values.max()))
        table.add_row(name, *numbers, response.unit)
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


def _end(row: Mapping[Any, Any]) -> str:
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
