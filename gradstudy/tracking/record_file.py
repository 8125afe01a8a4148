"""One Parquet file per trial: every measured value as a row, and the trial with its responses in the file's metadata.

Columns `trial, seed, step, quantity, place, value`, ordered by seed, quantity, step and place. Values keep every bit,
inf and nan included. 50,000 rows take some 5 ms and 350 kB.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from gradstudy.records import SCREEN, UNTRAINED, MemberRecord, MemberRows, Series, Trial, TrialResult
from gradstudy.tracking.atomic_file import written_whole
from gradstudy.tracking.selection import Filters, select

WORD = pa.dictionary(pa.int32(), pa.string())
RECORD_COLUMNS = pa.schema(
    [
        ("trial", pa.int32()),
        ("seed", pa.int32()),
        ("step", pa.int32()),
        ("quantity", WORD),
        ("place", WORD),
        ("value", pa.float64()),
    ]
)
METADATA = b"gradstudy"

_REPETITIVE = [name for name in RECORD_COLUMNS.names if name != "value"]
"""What is worth a Parquet dictionary: trying one on measured values costs a third of the time and saves nothing."""


def trial_file(number: int) -> str:
    """The name of a trial's file, on disk and as an artifact."""
    return f"trial_{number:05d}.parquet"


def write_trial(result: TrialResult, path: Path) -> None:
    """Stores a trial as one file that is there as a whole or not at all; weights are not stored."""
    about = {
        "trial": asdict(result.trial),
        "rows": [dict(row) for row in result.rows],
        "cost": {record.seed: dict(record.cost) for record in result.records},
    }
    table = _table(result.records).replace_schema_metadata({METADATA: json.dumps(about)})
    with written_whole(path) as unfinished:
        pq.write_table(table, unfinished, compression="zstd", use_dictionary=_REPETITIVE)


def read_rows(path: Path) -> tuple[Trial, MemberRows]:
    """The trial that is stored here, and its responses. Reads the metadata only."""
    about = _about(pq.read_schema(path))
    return as_trial(about["trial"]), as_rows(about["rows"])


def read_result(path: Path) -> TrialResult:
    """The stored trial as it was written, but for weights."""
    table = pq.read_table(path)
    about, series = _about(table.schema), _read_series(table)
    cost = about.get("cost", {})  # files of older versions have none
    records = (
        MemberRecord(
            about["trial"]["number"],
            row["seed"],
            series.get(row["seed"], {}),
            first_bad_step=row["first_bad_step"],
            first_bad_tensor=row["first_bad_tensor"],
            cost=cost.get(str(row["seed"]), {}),
        )
        for row in about["rows"]
    )
    return TrialResult(as_trial(about["trial"]), tuple(records), as_rows(about["rows"]))


def read_gradients(paths: Sequence[Path], filters: Filters | None = None) -> pd.DataFrame:
    """The tidy rows of these files that `select` finds by the filters."""
    if not paths:
        nothing: pd.DataFrame = RECORD_COLUMNS.empty_table().to_pandas()
        return nothing
    return select(ds.dataset([str(path) for path in paths], schema=RECORD_COLUMNS), filters or {})


def tidy(records: Sequence[MemberRecord], filters: Filters | None = None) -> pd.DataFrame:
    """The records as they would be read back from storage: trial, seed, step, quantity, place, value."""
    return select(ds.dataset(_table(records)), filters or {})


def as_trial(stored: Mapping[str, Any]) -> Trial:
    """A trial out of its JSON; one of an older version is a screen's, and does not say so."""
    return Trial(stored["number"], stored["levels"], tuple(stored["overrides"]), stored.get("phase", SCREEN))


def as_rows(stored: Sequence[Mapping[str, Any]]) -> MemberRows:
    """Rows out of their JSON, those of an older version too."""
    return tuple(_as_row(row) for row in stored)


OLDER_NAMES = {"learned": "loss_drop"}
"""What members that have no outcome call otherwise than this version does.

Their record has no baseline: their outcome is `untrained`, since nobody knows it, and what they `learned` is missing.
"""


def _as_row(stored: Mapping[str, Any]) -> dict[str, Any]:
    if "outcome" in stored:
        return dict(stored)
    return {OLDER_NAMES.get(name, name): value for name, value in stored.items()} | {"outcome": UNTRAINED}


def _about(schema: pa.Schema) -> dict[str, Any]:
    about: dict[str, Any] = json.loads(schema.metadata[METADATA])
    return about


def _table(records: Sequence[MemberRecord]) -> pa.Table:
    blocks = [(record, name, series) for record in records for name, series in record.series.items()]
    sizes = [series.values.size for _, _, series in blocks]
    numbers = {
        "trial": _repeated([record.trial for record, _, _ in blocks], sizes),
        "seed": _repeated([record.seed for record, _, _ in blocks], sizes),
        "step": _joined([np.repeat(series.steps, len(series.places)) for *_, series in blocks], np.int32),
        "value": _joined([np.ravel(series.values) for *_, series in blocks], np.float64),
    }
    words = {
        "quantity": _coded([((name,), size) for (_, name, _), size in zip(blocks, sizes, strict=True)]),
        "place": _coded([(series.places, len(series.steps)) for *_, series in blocks]),
    }
    columns = numbers | words
    return pa.table([columns[name] for name in RECORD_COLUMNS.names], schema=RECORD_COLUMNS)


def _coded(blocks: Sequence[tuple[Sequence[str], int]]) -> pa.DictionaryArray:
    """A column of words: per block these words in turn, so many times."""
    known = {word: code for code, word in enumerate(dict.fromkeys(word for words, _ in blocks for word in words))}
    codes = [np.tile(np.array([known[word] for word in words], np.int32), times) for words, times in blocks]
    return pa.DictionaryArray.from_arrays(pa.array(_joined(codes, np.int32)), pa.array(list(known), pa.string()))


def _repeated(numbers: Sequence[int], sizes: Sequence[int]) -> np.ndarray:
    return np.repeat(np.array(numbers, np.int32), np.array(sizes, np.int64))


def _joined(arrays: Sequence[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate([np.empty(0, dtype), *arrays]).astype(dtype, copy=False)


def _read_series(table: pa.Table) -> dict[int, dict[str, Series]]:
    """By seed and quantity; what was written in one block is read as one block."""
    table = table.unify_dictionaries()
    seeds, steps, values = (table[name].to_numpy() for name in ("seed", "step", "value"))
    quantities, quantity_names = _codes_and_words(table["quantity"])
    places, place_names = _codes_and_words(table["place"])
    found: dict[int, dict[str, Series]] = {}
    for block in _blocks(seeds, quantities):
        width = int(np.searchsorted(steps[block], steps[block][0], side="right"))
        series = Series(
            tuple(place_names[code] for code in places[block][:width]),
            steps[block][::width].astype(np.int64),
            values[block].reshape(-1, width),
        )
        found.setdefault(int(seeds[block][0]), {})[quantity_names[quantities[block][0]]] = series
    return found


def _codes_and_words(column: pa.ChunkedArray) -> tuple[np.ndarray, list[str]]:
    whole = column.combine_chunks()
    return whole.indices.to_numpy(), whole.dictionary.to_pylist()


def _blocks(*columns: np.ndarray) -> Iterator[slice]:
    """The slices within which every column is constant."""
    changes = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    bounds = [0, *(np.flatnonzero(changes) + 1), len(columns[0])]
    return (slice(start, end) for start, end in pairwise(bounds) if end > start)
