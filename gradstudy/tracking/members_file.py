"""One Parquet file per study: a row per trial x seed with its phase, factors, responses, verdict and outcome.

A factor is missing where it does not live. The trials' overrides stand in the file's metadata, so that every trial can
be read back as it was, and with them what the study is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gradstudy.atomic_file import written_whole
from gradstudy.records import OUTCOMES, PHASES, SCREEN, UNTRAINED, VERDICTS, Factor, MemberRows, StudyInfo, Trial
from gradstudy.tracking.damage import check_parquet, reading
from gradstudy.tracking.record_file import NEEDED, OLDER_NAMES, as_trial, check_words, sealed, unsealed

Stored = Mapping[int, tuple[Trial, MemberRows]]
"""What is known of a study's finished trials, by number."""

FILE = "members.parquet"
PHASE = "phase"


def response_names(row: Mapping[str, Any]) -> list[str]:
    """The entries of a member's row that are responses, measured or predicted."""
    return [name for name in row if name not in NEEDED]


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


def write_members(stored: Stored, factors: Sequence[Factor], path: Path, info: StudyInfo | None = None) -> None:
    """Stores a study's members as one file that is there as a whole or not at all, with what the study is."""
    about = {
        "factors": [factor.name for factor in factors],
        "trials": [asdict(stored[number][0]) for number in sorted(stored)],
        "study": info.to_json() if info else None,
    }
    table = pa.Table.from_pandas(members_table(stored, factors), preserve_index=False)
    with written_whole(path) as unfinished:
        pq.write_table(sealed(table, about), unfinished, compression="zstd", write_page_checksum=True)


@dataclass(frozen=True)
class StudyTable:
    """What the file holds: its `members`, its `trials` by number, and the study's `info`, which older files lack."""

    members: pd.DataFrame
    factors: Sequence[str]
    trials: Mapping[int, Trial]
    info: StudyInfo | None

    def stored(self) -> dict[int, tuple[Trial, MemberRows]]:
        """The trials and their rows as they were before they became a table."""
        rows = self.members.drop(columns=[PHASE, *self.factors]).astype(object)
        of_trial: dict[int, list[Mapping[str, Any]]] = {number: [] for number in self.trials}
        for row in rows.where(rows.notna(), None).to_dict("records"):
            of_trial[row["trial"]].append({str(name): value for name, value in row.items()})
        return {number: (trial, tuple(of_trial[number])) for number, trial in self.trials.items()}


def read_study_table(path: Path) -> StudyTable:
    """All that the file holds. Damaged where it is not as it was written.

    The trials of an older version are a screen's, and do not say so; of their outcome holds what `as_rows` says.
    """
    with reading(path):
        check_parquet(path)
        table = pq.read_table(path, page_checksum_verification=True)
        about = unsealed(table.schema)
        trials = {trial.number: trial for trial in map(as_trial, about["trials"])}
        members = _as_members(table.to_pandas())
        if set(members["trial"]) != trials.keys() or not {*about["factors"]} <= {*members}:
            raise ValueError("its parts do not belong together")
        study = about.get("study")
        return StudyTable(members, about["factors"], trials, StudyInfo.from_json(study) if study else None)


def _as_members(table: pd.DataFrame) -> pd.DataFrame:
    """The table as this version has it. ValueError or KeyError where it holds what no version wrote."""
    if PHASE not in table:
        table.insert(2, PHASE, SCREEN)
    if "outcome" not in table:
        table = table.rename(columns=OLDER_NAMES)
        table.insert(list(table).index("verdict") + 1, "outcome", UNTRAINED)
    for column, known in (("verdict", VERDICTS), ("outcome", OUTCOMES), (PHASE, PHASES)):
        check_words(column, table[column], known)
    if missing := NEEDED - {*table}:
        raise ValueError(f"it lacks {', '.join(sorted(missing))}")
    return table


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
