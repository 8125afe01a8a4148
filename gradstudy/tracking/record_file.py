"""One Parquet file per trial: every measured value as a row, and the trial with its responses in the file's metadata.

Columns `trial, seed, step, quantity, place, value`, ordered by seed, quantity, step and place. Values keep every bit,
inf and nan included. 50,000 rows take some 5 ms and 350 kB.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import accumulate, pairwise, starmap
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from gradstudy.atomic_file import written_whole
from gradstudy.records import (
    OUTCOMES,
    PHASES,
    SCREEN,
    UNTRAINED,
    VERDICTS,
    MemberRecord,
    MemberRows,
    Series,
    Trial,
    TrialResult,
)
from gradstudy.tracking.damage import Damaged, check_parquet, reading
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
METADATA, CHECKSUM = b"gradstudy", b"gradstudy.crc32"
"""Keys of a file's metadata. Pages of values have checksums of their own; files of older versions have neither."""

NEEDED = frozenset(("trial", "seed", "verdict", "outcome", "first_bad_step", "first_bad_tensor"))
"""What every row of responses has beside them."""

_WORDS = ["quantity", "place"]
"""What has a Parquet dictionary, being one already: to look for one in numbers costs a fourth of the time, and saves a
hundredth of the file at most."""
_NUMBERED = ["trial", "seed", "step"]
"""What is worth knowing the least and the most of: of words, finding them costs a quarter of the time."""


def trial_file(number: int) -> str:
    """The name of a trial's file, on disk and as an artifact."""
    return f"trial_{number:05d}.parquet"


def file_number(path: Path) -> int | None:
    """The trial whose file has this name, None where it is no trial's."""
    named = re.fullmatch(r"trial_(\d+)\.parquet", path.name, re.ASCII)
    return int(named[1]) if named and trial_file(int(named[1])) == path.name else None


def sealed(table: pa.Table, about: Mapping[str, Any]) -> pa.Table:
    """The table with this as its file's metadata, and with what tells later whether that or a column's name changed."""
    content = json.dumps({**about, "columns": table.column_names}).encode()
    metadata = {**(table.schema.metadata or {}), METADATA: content}
    return table.replace_schema_metadata({**metadata, CHECKSUM: _checksum(metadata)})


def unsealed(schema: pa.Schema) -> dict[str, Any]:
    """What was sealed. ValueError where it is not what it was."""
    metadata = schema.metadata or {}
    if METADATA not in metadata:
        raise ValueError("it is no file of a study")
    if metadata.get(CHECKSUM, check := _checksum(metadata)) != check:
        raise ValueError("its checksum does not match")
    about: dict[str, Any] = json.loads(metadata[METADATA])
    if unknown := {*schema.names} - {*about.get("columns", schema.names)}:
        raise ValueError(f"nobody wrote its columns {', '.join(sorted(unknown))}")
    return about


def write_trial(result: TrialResult, path: Path) -> None:
    """Stores a trial as one file that is there as a whole or not at all; weights are not stored."""
    about = {
        "trial": asdict(result.trial),
        "rows": [dict(row) for row in result.rows],
        "cost": {record.seed: dict(record.cost) for record in result.records},
        **({"failure": result.failure} if result.failure else {}),
    }
    table = sealed(_table(result.records), about)
    with written_whole(path) as unfinished:
        pq.write_table(
            table,
            unfinished,
            compression="zstd",
            use_dictionary=_WORDS,
            write_statistics=_NUMBERED,
            write_page_checksum=True,
        )


def read_rows(path: Path | str) -> tuple[Trial, MemberRows]:
    """The trial that is stored here, and its responses. Reads the metadata only. Damaged where it is not as it was."""
    path = Path(path)
    with reading(path):
        check_parquet(path)
        trial, rows = _trial_and_rows(_about(pq.read_schema(path)), path)
        if missing := {name for row in rows for name in NEEDED - row.keys()}:
            raise ValueError(f"it lacks {', '.join(sorted(missing))}")
        return trial, rows


def read_result(path: Path) -> TrialResult:
    """The stored trial as it was written, but for weights. Damaged where it is not as it was."""
    with reading(path):
        check_parquet(path)
        table = pq.read_table(path, page_checksum_verification=True)
        about = _about(table.schema)
        trial, rows = _trial_and_rows(about, path)
        series, cost = _read_series(table), about.get("cost", {})  # files of older versions have no cost
        records = (
            MemberRecord(
                trial.number,
                row["seed"],
                series.get(row["seed"], {}),
                first_bad_step=row["first_bad_step"],
                first_bad_tensor=row["first_bad_tensor"],
                cost=cost.get(str(row["seed"]), {}),
            )
            for row in rows
        )
        return TrialResult(trial, tuple(records), rows, failure=str(about.get("failure", "")))


def read_gradients(paths: Sequence[Path], filters: Filters | None = None) -> pd.DataFrame:
    """The tidy rows of these files that `select` finds by the filters. Damaged, naming it, where one cannot be read."""
    if not paths:
        nothing: pd.DataFrame = RECORD_COLUMNS.empty_table().to_pandas()
        return nothing
    checking = ds.ParquetFileFormat(
        default_fragment_scan_options=ds.ParquetFragmentScanOptions(page_checksum_verification=True)
    )
    for path in paths:  # Arrow takes a column that is not there for one without values
        with reading(path):
            _about(pq.read_schema(path))
    try:
        return select(ds.dataset([str(path) for path in paths], schema=RECORD_COLUMNS, format=checking), filters or {})
    except (pa.ArrowException, OSError) as error:
        for path in paths:  # which of them it was, Arrow does not always say
            read_result(path)
        raise Damaged(paths[0].parent, str(error)) from error


def tidy(records: Sequence[MemberRecord], filters: Filters | None = None) -> pd.DataFrame:
    """The records as they would be read back from storage: trial, seed, step, quantity, place, value."""
    return select(ds.dataset(_table(records)), filters or {})


def as_trial(stored: Mapping[str, Any]) -> Trial:
    """A trial out of its JSON; one of an older version is a screen's, and does not say so."""
    phase = stored.get("phase", SCREEN)
    check_words("phase", [phase], PHASES)
    return Trial(int(stored["number"]), dict(stored["levels"]), tuple(stored["overrides"]), phase)


def as_rows(stored: Sequence[Mapping[str, Any]]) -> MemberRows:
    """Rows out of their JSON, those of an older version too."""
    return tuple(_as_row(row) for row in stored)


def check_words(what: str, found: Iterable[str], known: Sequence[str]) -> None:
    """ValueError where something else was found than the words that this version knows."""
    unknown = [word for word in dict.fromkeys(found) if word not in known]
    if unknown:
        raise ValueError(f"its {what} {unknown[0]!r} is none of {', '.join(known)}")


OLDER_NAMES = {"learned": "loss_drop"}
"""What members that have no outcome call otherwise than this version does.

Their record has no baseline: their outcome is `untrained`, since nobody knows it, and what they `learned` is missing.
"""


def _as_row(stored: Mapping[str, Any]) -> dict[str, Any]:
    check_words("verdict", [stored["verdict"]] if "verdict" in stored else [], VERDICTS)
    if "outcome" in stored:
        check_words("outcome", [stored["outcome"]], OUTCOMES)
        return dict(stored)
    return {OLDER_NAMES.get(name, name): value for name, value in stored.items()} | {"outcome": UNTRAINED}


def _about(schema: pa.Schema) -> dict[str, Any]:
    """What is said of the record in a file with these columns. ValueError where they are not a record's."""
    if (schema.names, schema.types) != (RECORD_COLUMNS.names, RECORD_COLUMNS.types):
        raise ValueError("its columns are not those of a record")
    return unsealed(schema)


def _checksum(metadata: Mapping[bytes, bytes]) -> bytes:
    """Of what we say, and of what pandas says of its columns."""
    return b"%08x" % crc32(metadata[METADATA] + metadata.get(b"pandas", b""))


def _trial_and_rows(about: Mapping[str, Any], path: Path) -> tuple[Trial, MemberRows]:
    trial, rows = as_trial(about["trial"]), as_rows(about["rows"])
    own = set() if "failure" in about else {trial.number}
    if file_number(path) not in (trial.number, None) or {row["trial"] for row in rows} != own:
        raise ValueError(f"it holds trial {trial.number}")
    return trial, rows


def _table(records: Sequence[MemberRecord]) -> pa.Table:
    blocks = [(record, name, series) for record in records for name, series in record.series.items()]
    sizes = [series.values.size for *_, series in blocks]
    steps, placed, values = np.empty(sum(sizes), np.int32), np.empty(sum(sizes), np.int32), np.empty(sum(sizes))
    quantities, places = dict[str, int](), dict[str, int]()
    codes = {
        names: [places.setdefault(name, len(places)) for name in names]
        for names in dict.fromkeys(series.places for *_, series in blocks)
    }
    for (*_, series), rows in zip(blocks, starmap(slice, pairwise(accumulate(sizes, initial=0))), strict=True):
        shape = series.values.shape
        steps[rows].reshape(shape)[:] = np.asarray(series.steps)[:, None]
        placed[rows].reshape(shape)[:] = codes[series.places]
        values[rows].reshape(shape)[:] = series.values
    named = [quantities.setdefault(name, len(quantities)) for _, name, _ in blocks]
    arrays = {
        "trial": _spread([record.trial for record, *_ in blocks], sizes),
        "seed": _spread([record.seed for record, *_ in blocks], sizes),
        "step": steps,
        "quantity": pa.DictionaryArray.from_arrays(_spread(named, sizes), pa.array(list(quantities), pa.string())),
        "place": pa.DictionaryArray.from_arrays(placed, pa.array(list(places), pa.string())),
        "value": values,
    }
    return pa.table([arrays[name] for name in RECORD_COLUMNS.names], schema=RECORD_COLUMNS)


def _spread(numbers: Sequence[int], sizes: Sequence[int]) -> np.ndarray:
    """The number of every block, at each of its rows."""
    return np.repeat(np.array(numbers, np.int32), sizes)


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
