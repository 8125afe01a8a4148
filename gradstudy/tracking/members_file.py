"""One Parquet file per study: a row per trial x seed with its phase, factors, responses, verdict and outcome.

A factor is missing where it does not live. The trials' overrides stand in the file's metadata, so that every trial can
be read back as it was.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gradstudy.records import SCREEN, UNTRAINED, Factor, MemberRows, Trial
from gradstudy.tracking.atomic_file import written_whole
from gradstudy.tracking.record_file import METADATA, OLDER_NAMES, as_trial

Stored = Mapping[int, tuple[Trial, MemberRows]]
"""What is known of a study's finished trials, by number."""

FILE = "members.parquet"
PHASE = "phase"
NOT_RESPONSES = ("trial", "seed", "verdict", "outcome", "first_bad_step", "first_bad_tensor")


def response_names(row: Mapping[str, Any]) -> list[str]:
    """The entries of a member's row that are responses, measured or predicted."""
    return [name for name in row if name not in NOT_RESPONSES]


def members_table(stored: Stored, factors: Sequence[Factor]) -> pd.DataFrame:
    """The factors, responses, verdict and outcome of every member, sorted by trial and seed.

    A prediction that theory does not make is missing, and so is what rows of older versions lack.
    """
    pairs = [(trial, row) for trial, rows in stored.values() for row in rows]
    pairs.sort(key=lambda pair: (pair[1]["trial"], pair[1]["seed"]))
    trials, rows = [trial for trial, _ in pairs], [row for _, row in pairs]
    responses = dict.fromkeys(name for row in rows for name in response_names(row))
    return pd.DataFrame(
        {
            "trial": pd.Series([row["trial"] for row in rows], dtype="int64"),
            "seed": pd.Series([row["seed"] for row in rows], dtype="int64"),
            PHASE: _words([trial.phase for trial in trials]),
            **{factor.name: _levels([trial.levels.get(factor.name) for trial in trials], factor) for factor in factors},
            **{name: pd.Series([row.get(name) for row in rows], dtype="float64") for name in responses},
            "verdict": _words([row["verdict"] for row in rows]),
            "outcome": _words([row["outcome"] for row in rows]),
            "first_bad_step": pd.Series([row["first_bad_step"] for row in rows], dtype="Int64"),
            "first_bad_tensor": _words([row["first_bad_tensor"] for row in rows]),
        }
    )


def write_members(stored: Stored, factors: Sequence[Factor], path: Path) -> None:
    """Stores a study's members as one file that is there as a whole or not at all."""
    about = {
        "factors": [factor.name for factor in factors],
        "trials": [asdict(stored[number][0]) for number in sorted(stored)],
    }
    table = pa.Table.from_pandas(members_table(stored, factors), preserve_index=False)
    metadata = {**table.schema.metadata, METADATA: json.dumps(about)}
    with written_whole(path) as unfinished:
        pq.write_table(table.replace_schema_metadata(metadata), unfinished, compression="zstd")


def read_members(path: Path) -> pd.DataFrame:
    """The table as it was written.

    The trials of an older version are a screen's, and do not say so; of their outcome holds what `as_rows` says.
    """
    table: pd.DataFrame = pq.read_table(path).to_pandas()
    if PHASE not in table:
        table.insert(2, PHASE, SCREEN)
    if "outcome" not in table:
        table = table.rename(columns=OLDER_NAMES)
        table.insert(list(table).index("verdict") + 1, "outcome", UNTRAINED)
    return table


def read_stored(path: Path) -> dict[int, tuple[Trial, MemberRows]]:
    """The trials and their rows as they were before they became a table."""
    about = json.loads(pq.read_schema(path).metadata[METADATA])
    trials = [as_trial(stored) for stored in about["trials"]]
    rows = read_members(path).drop(columns=[PHASE, *about["factors"]]).astype(object)
    of_trial: dict[int, list[Mapping[str, Any]]] = {trial.number: [] for trial in trials}
    for row in rows.where(rows.notna(), None).to_dict("records"):
        of_trial[row["trial"]].append({str(name): value for name, value in row.items()})
    return {trial.number: (trial, tuple(of_trial[trial.number])) for trial in trials}


def _levels(values: Sequence[Any], factor: Factor) -> pd.Series:
    """Whole numbers stay whole beside missing ones; levels of several kinds become numbers if they can, else text."""
    kinds = {type(level) for level in factor.levels} or {int if factor.integer else float}
    if kinds == {int}:
        return pd.Series(values, dtype="Int64")
    if kinds == {bool}:
        return pd.Series(values, dtype="boolean")
    if kinds <= {int, float}:
        return pd.Series(values, dtype="float64")
    return _words([None if value is None else str(value) for value in values])


def _words(values: Sequence[str | None]) -> pd.Series:
    return pd.Series(values, dtype=None if values else "object")
