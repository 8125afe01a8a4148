"""The files of a study as its runs hold them: what it is, its table, its trials' records. Damaged where one is.

All that is read back of a study is read here or with the path that `record_of` gives.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gradstudy.records import StudyInfo
from gradstudy.tracking.damage import Damaged, check_parquet, reading
from gradstudy.tracking.members_file import FILE as MEMBERS
from gradstudy.tracking.members_file import StudyTable, read_study_table
from gradstudy.tracking.record_file import trial_file
from gradstudy.tracking.runs import FINGERPRINT, STUDY, address, artifact, trial_number
from gradstudy.words.command_words import without_secrets

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

INFO = "study.json"
TYPES = {
    "name": str,
    "fingerprint": str,
    "command": str,
    "seeds": int,
    "steps": int,
    "seed": int,
    "settings": Mapping,
}
"""What these entries of it are."""


def read_info(client: MlflowClient, run: Run) -> StudyInfo | None:
    """The study that this is a run of, None where it does not say."""
    with TemporaryDirectory() as folder:
        path = artifact(client, run, INFO, Path(folder))
        if path is None:
            return None
        with reading(path):
            stored = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(stored, dict):
                raise ValueError("it holds no study")
            info = StudyInfo.from_json(stored)
            for name, kind in TYPES.items():
                if not isinstance(getattr(info, name), kind):
                    raise ValueError(f"its {name} is {getattr(info, name)!r}")
            _check_same(info, run)
            return replace(info, command=without_secrets(info.command))  # earlier versions stored what was typed


def table_of(client: MlflowClient, run: Run) -> StudyTable | None:
    """The table of a study's members, None when there is none yet."""
    with TemporaryDirectory() as folder:
        path = artifact(client, run, MEMBERS, Path(folder))
        if path is None:
            return None
        with reading(path):
            table = read_study_table(path)
            if table.info:
                _check_same(table.info, run)
            return table


def record_of(client: MlflowClient, run: Run, folder: Path) -> Path:
    """Where the record of this trial's run is to be read; `folder` takes what has to be fetched.

    Damaged where it is gone, or was cut off; what lies within shows only when it is read.
    """
    name = trial_file(trial_number(run))
    path = artifact(client, run, name, folder)
    if path is None:
        raise Damaged(address(run, name, ""), "it is gone")
    check_parquet(path)
    return path


def _check_same(info: StudyInfo, run: Run) -> None:
    if (info.name, info.fingerprint) != (run.data.tags[STUDY], run.data.tags[FINGERPRINT]):
        raise ValueError(f"it is of another study, '{info.name}' with the fingerprint {info.fingerprint}")
