"""A new store has the tables that MLflow makes, wherever they come from; nothing that is kept can spoil one."""

import gzip
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from unittest.mock import Mock

import pytest
from mlflow.store.db import utils

from gradstudy.tracking.new_database import kept_tables
from gradstudy.tracking.store import Mlflow, connect

TIMES = re.compile("time|_at$")
MAKE = "from gradstudy.tracking.store import Mlflow, connect; connect(Mlflow('sqlite:///mlflow.db'))"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))


@pytest.fixture
def migrations(monkeypatch):
    """Counts how often MLflow makes its tables."""
    counted = Mock(side_effect=utils._initialize_tables)
    monkeypatch.setattr(utils, "_initialize_tables", counted)
    return counted


def content(path):
    """Schema and rows of every table, but times."""
    with closing(sqlite3.connect(path)) as opened:
        schema = opened.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall()
        rows = {}
        for kind, name, *_ in schema:
            if kind == "table":
                found = opened.execute(f'SELECT * FROM "{name}" ORDER BY 1')
                columns = [column for column, *_ in found.description]
                rows[name] = [
                    {column: value for column, value in zip(columns, row, strict=True) if not TIMES.search(column)}
                    for row in found
                ]
    return [(*named, in_order(sql)) for *named, sql in schema], rows


def in_order(sql):
    """The lines of a table, with constraints by name: MLflow's migrations have them in any order."""
    lines = [line.strip(" \t,") for line in (sql or "").splitlines()]
    return sorted(lines, key=lambda line: line if line.startswith("CONSTRAINT") else "")


def made(tmp_path, name):
    path = tmp_path / name / "mlflow.db"
    path.parent.mkdir()
    connect(Mlflow(f"sqlite:///{path}"))
    assert os.listdir(path.parent) == ["mlflow.db"]
    return *content(path), path.stat().st_mode


def test_a_copied_store_is_the_one_that_mlflow_makes(tmp_path, migrations):
    first, second = made(tmp_path, "made"), made(tmp_path, "copied")
    assert migrations.call_count == 1
    assert first == second
    assert [row["name"] for row in second[1]["experiments"]] == ["Default"]


def test_the_default_experiment_of_a_copy_is_as_old_as_the_copy(tmp_path):
    for name in ("made", "copied"):
        made(tmp_path, name)
    times = []
    for name in ("made", "copied"):
        with closing(sqlite3.connect(tmp_path / name / "mlflow.db")) as opened:
            times += opened.execute("SELECT creation_time FROM experiments").fetchall()
    assert times[0] < times[1]


DAMAGES = {
    "empty": lambda kept: b"",
    "cut": lambda kept: kept[: len(kept) // 2],
    "one bit": lambda kept: kept[:5000] + bytes([kept[5000] ^ 4]) + kept[5001:],
    "something else": lambda kept: b"something else",
    "an empty database": lambda kept: gzip.compress(b""),
    "no database": lambda kept: gzip.compress(b"no database" * 1000),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_is_damaged_is_made_again_and_kept(damage, tmp_path, migrations):
    whole = made(tmp_path, "made")
    kept_tables().write_bytes(damage(kept_tables().read_bytes()))
    assert made(tmp_path, "again") == made(tmp_path, "copied") == whole
    assert migrations.call_count == 2


def test_tables_of_another_revision_are_made_again(tmp_path, migrations):
    whole = made(tmp_path, "made")
    older = tmp_path / "older.db"
    older.write_bytes(gzip.decompress(kept_tables().read_bytes()))
    with closing(sqlite3.connect(older)) as opened, opened:
        opened.execute("UPDATE alembic_version SET version_num = 'older'")
    kept_tables().write_bytes(gzip.compress(older.read_bytes()))
    assert made(tmp_path, "again") == whole
    assert migrations.call_count == 2


def test_where_nothing_can_be_kept_mlflow_makes_every_store(tmp_path, migrations):
    (tmp_path / "home").write_bytes(b"in the way")
    assert made(tmp_path, "first") == made(tmp_path, "second")
    assert migrations.call_count == 2


def test_an_mlflow_without_a_way_to_make_its_tables_alone_makes_stores_too(tmp_path, monkeypatch):
    whole = made(tmp_path, "made")
    kept_tables().unlink()
    monkeypatch.delattr(utils, "_get_latest_schema_revision")
    monkeypatch.setattr(utils, "_verify_schema", lambda engine: None)
    assert made(tmp_path, "other") == whole
    assert made(tmp_path, "and another") == whole


def test_launches_that_begin_at_once_make_whole_stores_in_one_folder_and_in_two(tmp_path):
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    begun = [subprocess.Popen([sys.executable, "-c", MAKE], cwd=folder) for folder in (*folders, folders[0])]
    assert [one.wait() for one in begun] == [0, 0, 0]
    assert [os.listdir(folder) for folder in folders] == [["mlflow.db"], ["mlflow.db"]]
    (schema, one), (same_schema, other) = (content(folder / "mlflow.db") for folder in folders)
    assert schema == same_schema
    for folder, rows in zip(folders, (one, other), strict=True):
        (experiment,) = rows.pop("experiments")
        assert experiment["artifact_location"] == f"{folder}/mlruns/0"
    assert one == other
    assert [path.name for path in kept_tables().parent.iterdir()] == [kept_tables().name]
