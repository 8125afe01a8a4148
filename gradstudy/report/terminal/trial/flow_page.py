"""One configuration: how its gradient flows back, what is wrong with it, and what became of its members."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gradstudy.measurement import Measurement
from gradstudy.records import UNTRAINED, MemberRecord
from gradstudy.report.diagnosis.diagnose import diagnosis_lines
from gradstudy.report.diagnosis.suggestion import asked, suggested_study
from gradstudy.report.diagnosis.suspects.ranked import ranked_suspects
from gradstudy.report.diagnosis.suspects.suspect import case_of
from gradstudy.report.diagnosis.symptoms import look, steps_of
from gradstudy.report.terminal.data_table import data_table
from gradstudy.report.terminal.plain import plain_name, plain_table, plain_text, way_on
from gradstudy.report.terminal.trial.fading_table import fading_table
from gradstudy.report.terminal.trial.flow_table import flow_table
from gradstudy.response import RESPONSES
from gradstudy.words.command_words import folded_call, folded_command
from gradstudy.words.number_words import compact, rounded
from gradstudy.words.outcome_words import BASELINE_WORDS, outcomes_words


@dataclass(frozen=True)
class ProbeRow:
    """A quantity, how it is called, whether it is a share, and which of its places counts: None for all.

    `baseline` is the quantity that it must be read against: what whoever disregards the inputs scores.
    """

    name: str
    quantity: str
    is_share: bool = False
    place: int | None = None
    baseline: str = ""


PROBE_ROWS = (
    ProbeRow("dead units", "dead_units", is_share=True),
    ProbeRow("saturated units", "saturated_units", is_share=True),
    ProbeRow("update / weight", "update_ratio"),
    ProbeRow("below adam's eps", "adam_eps_share", is_share=True),
    ProbeRow("gradient through skips", "skip_share", is_share=True),
    ProbeRow("cosine of successive gradients", "gradient_cosine"),
    ProbeRow("held-out accuracy", "held_out_accuracy", is_share=True, baseline="baseline_accuracy"),
    ProbeRow("held-out loss", "held_out_loss", baseline="baseline_loss"),
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
    numbers = ("first look", "last look", "baseline")
    table = plain_table("looking inside", *numbers, "at steps", numbers=numbers)
    for row, steps in rows:
        ends = list(dict.fromkeys((steps[0], steps[-1])))
        looks = [_cell(records, row, step) for step in ends]
        cells = (looks[0], *(looks[1:] or [""]), _baseline(records, row), " and ".join(map(str, ends)))
        table.add_row(plain_name(row.name), *map(Text, cells))
    return Group(table, Text("median over places and seeds; baseline: without a look at the inputs"))


def _baseline(records: Sequence[MemberRecord], row: ProbeRow) -> str:
    """What the task's baseline has of this quantity; empty where it has none."""
    known = all(row.baseline in record.series for record in records)
    return _cell(records, replace(row, quantity=row.baseline), 0) if known else ""


def _cell(records: Sequence[MemberRecord], row: ProbeRow, step: int) -> str:
    values = look(records, row.quantity, step)
    values = values if row.place is None else values[:, row.place]
    known = values[np.isfinite(values)]  # the first update of a bias of 0 is infinitely large beside it
    if not known.size:
        return "not finite"
    middle = float(np.median(known))
    return f"{compact(100 * middle)} %" if row.is_share else compact(middle)


def trial_ways(overrides: Sequence[str], study: Sequence[str]) -> RenderableType:
    """The command that asks what decides it, by the overrides of a study, and the call that measures it."""
    command = shlex.join(["python", "-m", "gradstudy", *study])
    call = f"gradstudy.measure({json.dumps(list(overrides), ensure_ascii=False)})"
    return Group(
        way_on("what causes it", command, folded_command(command)),
        way_on("in a notebook", call, folded_call("gradstudy.measure", overrides) if overrides else ""),
    )


def flow_page(measured: Measurement, page: str = "") -> RenderableType:
    """What is wrong, where the signal shrinks or grows, what was seen inside, how seeds ended, and what now.

    `page` is where the same was written for a browser.
    """
    case, overrides = case_of(measured), asked(measured.overrides)
    suspects = ranked_suspects(case)
    sections = (
        plain_text(" ".join(overrides) or "the defaults", "bold"),
        data_table(measured.data),
        plain_text("\n".join(diagnosis_lines(case.symptoms, suspects))),
        flow_table(measured.records, measured.prediction),
        fading_table(measured.records, measured.prediction),
        probe_table(measured.records),
        _responses(measured.members),
        _seeds(measured.records, measured.members),
        _outcomes(measured),
        _cost(measured.records),
        way_on("report", page) if page else None,
        trial_ways(overrides, suggested_study(overrides, measured.choices, suspects, measured.own_factors)),
    )
    first, *others = (section for section in sections if section is not None)
    return Group(first, *(line for section in others for line in (Text(), section)))


def _responses(members: pd.DataFrame) -> Table:
    table = plain_table("response", "median", "lowest", "highest", "", numbers=("median", "lowest", "highest"))
    for name, response in RESPONSES.items():
        values = members[name]
        numbers = (rounded(value, 2) for value in (values.median(), values.min(), values.max()))
        table.add_row(name, *numbers, response.unit)
    return table


def _seeds(records: Sequence[MemberRecord], members: pd.DataFrame) -> Table:
    table = plain_table("seed", "norm before clipping", "loss", "verdict", "outcome", numbers=("seed",))
    of_seed = {record.seed: record for record in records}
    for row in members.sort_values("seed").to_dict("records"):
        record = of_seed[row["seed"]]
        norm, loss = (_first_and_last(record, quantity) for quantity in ("norm_before_clipping", "loss"))
        table.add_row(*map(plain_text, (row["seed"], norm, loss, _end(row), row["outcome"])))
    return table


def _first_and_last(record: MemberRecord, quantity: str) -> str:
    values = record.series[quantity].values[:, 0]
    return " -> ".join(compact(value) for value in values[[0, -1] if len(values) > 1 else slice(None)])


def _end(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["first_bad_step"]):
        return str(row["verdict"])
    return f"{row['verdict']} at step {row['first_bad_step']:.0f}, first in {row['first_bad_tensor']}"


def _outcomes(measured: Measurement) -> Text | None:
    """Whether the seeds learned, against the loss of the baseline; None where nothing tells."""
    members = measured.members
    if (members["outcome"] == UNTRAINED).all():
        return None
    loss = compact(float(measured.records[0].series["baseline_loss"].values[0, 0]))
    way, needed = compact(members["learned"].median()), compact(measured.settings.learned)
    return plain_text(
        f"Learned: {outcomes_words(members)}. In the median the training loss came {way} of the way from {loss}, "
        f"{BASELINE_WORDS}, to 0; from {needed} on a seed has learned."
    )


def _cost(records: Sequence[MemberRecord]) -> Text | None:
    """What measuring cost, shares of the time of all steps; None where nobody took it."""
    shares = {
        name: float(np.median([record.cost[name] for record in records]))
        for name in ("recorder", "probes")
        if all(name in record.cost for record in records)
    }
    if not shares:
        return None
    words = {"recorder": "of the training time for the record", "probes": "for looks inside"}
    return Text(f"Instrument: {', '.join(f'{100 * share:.0f} % {words[name]}' for name, share in shares.items())}.")
