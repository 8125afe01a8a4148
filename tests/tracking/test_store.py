"""Which stores are accepted, and what is said about the others; checking makes nothing."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from unittest.mock import Mock

import pytest
from mlflow import MlflowClient
from sqlalchemy.engine import make_url

from gradstudy.errors import InputError, TrackingAway
from gradstudy.locking.holder import Holder
from gradstudy.masking import masked
from gradstudy.tracking.store import (
    SQLITE_PATH,
    Mlflow,
    answering,
    check_store,
    connect,
    is_missing,
    store_address,
    ui_command,
)

pytestmark = pytest.mark.usefixtures("workplace")

NOWHERE = "http://127.0.0.1:9"


def test_the_default_is_mlflows_own_database_in_the_working_folder(workplace):
    assert store_address(Mlflow()) == f"sqlite:///{workplace}/mlflow.db"
    check_store(Mlflow())
    assert is_missing(Mlflow())
    assert list(workplace.iterdir()) == []


def test_the_default_is_known_without_mlflow_and_is_what_mlflow_says(workplace):
    script = (
        "import sys\n"
        "from gradstudy.tracking.store import Mlflow, check_store, is_missing, store_address\n"
        "import gradstudy.tracking.reader, gradstudy.tracking.writer\n"
        "address, missing = store_address(Mlflow()), is_missing(Mlflow())\n"
        "check_store(Mlflow())\n"
        "assert missing and not {'mlflow', 'fastapi', 'sqlalchemy'} & sys.modules.keys()\n"
        "import mlflow\n"
        "assert address == store_address(Mlflow()) == mlflow.get_tracking_uri()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", ["a.db", "/a/b c.db", "ü.db", "a#b@c:d.db", "b:memory:"])
def test_a_path_that_is_told_without_sqlalchemy_is_the_one_that_sqlalchemy_takes(path):
    told = SQLITE_PATH.fullmatch(address := f"sqlite:///{path}")
    assert told["path"] == make_url(address).database == path


@pytest.mark.parametrize(
    "address", ["sqlite:///a%20b.db", "sqlite:///a.db?mode=ro", "sqlite:///:memory:", "sqlite:///"]
)
def test_what_an_address_says_beside_a_path_is_left_to_sqlalchemy(address):
    assert not SQLITE_PATH.fullmatch(address)


def test_the_environment_names_the_store_and_the_setting_wins(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://server:5000")
    assert store_address(Mlflow()) == "http://server:5000"
    assert store_address(Mlflow("sqlite:///other.db")) == "sqlite:///other.db"


def test_a_folder_with_blanks_is_no_other_folder(workplace, monkeypatch):
    (workplace / "my study").mkdir()
    monkeypatch.chdir(workplace / "my study")
    assert store_address(Mlflow()) == f"sqlite:///{workplace}/my study/mlflow.db"


@pytest.mark.parametrize("address", ["", "sqlite:///mlflow.db"])
def test_a_folder_whose_name_ends_an_address_is_refused(address, workplace, monkeypatch):
    (workplace / "why?now").mkdir()
    monkeypatch.chdir(workplace / "why?now")
    with pytest.raises(InputError, match="question mark"):
        check_store(Mlflow(address))
    check_store(Mlflow(f"sqlite:///{workplace}/mlflow.db"))


def test_a_store_elsewhere_needs_no_working_folder(workplace, monkeypatch):
    (workplace / "gone").mkdir()
    monkeypatch.chdir(workplace / "gone")
    (workplace / "gone").rmdir()
    check_store(Mlflow(f"sqlite:///{workplace}/mlflow.db"))


def test_a_server_that_is_down_is_no_wrong_input():
    check_store(Mlflow(NOWHERE))


WRONG = {
    "htp://127.0.0.1:5000": "'http'",
    "http://": "host",
    "http://server:99999": "host",
    "http://[::1": "host",
    "sqlite:///missing/mlflow.db": "missing",
    "sqlite:///occupied/mlflow.db": "occupied",
    "sqlite:///folder": "folder",
    "sqlite:///occupied": "not an SQLite database",
    "sqlite://": "memory",
    "sqlite:///:memory:": "memory",
    "runs": "sqlite:///mlflow.db",
    "file:///runs": "sqlite:///mlflow.db",
    "postgresql://user:secret@server:port/name": "postgresql://user:***@server:port/name",
    "postgresql+nothing://server/name": "no database address",
    "mysql://server/name": "MySQLdb",
}


@pytest.mark.parametrize("address", WRONG)
def test_a_wrong_address_is_refused_by_name_and_nothing_is_made(address, workplace):
    (workplace / "occupied").write_text("a file, and no database at all " * 40)
    (workplace / "folder").mkdir()
    before = sorted(workplace.rglob("*"))
    with pytest.raises(InputError) as refused:
        check_store(Mlflow(address))
    assert WRONG[address] in str(refused.value)
    assert masked(address) in str(refused.value)
    assert sorted(workplace.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_refused(monkeypatch):
    monkeypatch.setattr(os, "access", Mock(return_value=False))
    with pytest.raises(InputError, match="cannot be written"):
        check_store(Mlflow("sqlite:///mlflow.db"))


def test_a_database_whose_writer_was_killed_is_accepted(workplace):
    """SQLite rolls it back when it is next opened for writing, and only then."""
    with closing(sqlite3.connect(workplace / "open.db")) as database:
        database.executescript("PRAGMA cache_size = 1; CREATE TABLE t (v); INSERT INTO t VALUES (zeroblob(100000))")
        database.execute("UPDATE t SET v = zeroblob(200000)")
        for ending in ("", "-journal"):
            shutil.copy(workplace / f"open.db{ending}", workplace / f"mlflow.db{ending}")
    check_store(Mlflow())


def test_an_existing_store_is_accepted(store):
    check_store(store)
    assert not is_missing(store)


def test_what_keeps_a_server_from_answering_is_said_soon():
    settings = Mlflow(NOWHERE)
    with pytest.raises(TrackingAway, match=NOWHERE), answering(settings):
        connect(settings).get_experiment_by_name("any")


def test_wrong_input_is_not_taken_for_a_server_that_is_away(store):
    with pytest.raises(InputError), answering(store):
        raise InputError("unknown study")


@pytest.mark.parametrize(
    ("address", "command"),
    [
        ("sqlite:////tmp/mlflow.db", "mlflow ui --backend-store-uri sqlite:////tmp/mlflow.db"),
        ("sqlite:////tmp/a b.db", "mlflow ui --backend-store-uri 'sqlite:////tmp/a b.db'"),
        ("https://me:secret@server/mlflow", "open https://server/mlflow"),
    ],
)
def test_a_person_is_told_how_to_look_at_the_store(address, command):
    assert ui_command(address) == command


def test_making_and_using_a_store_prints_nothing(made, store):
    _, run = made
    assert (run.stdout, run.stderr) == ("", "")
    assert not is_missing(store)


def test_a_store_is_made_whole_or_not_at_all(tmp_path, monkeypatch):
    """MLflow cannot go on with tables that a killed process half made."""
    settings, database = Mlflow(uri=f"sqlite:///{tmp_path}/new.db"), tmp_path / "new.db"
    (tmp_path / "new.db.part-1").write_bytes(b"left by a killed process")

    def killed(self, **_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "search_experiments", killed)
        with pytest.raises(KeyboardInterrupt):
            connect(settings)
    assert not database.exists()
    assert connect(settings).search_experiments()
    assert sorted(path.name for path in tmp_path.iterdir() if "part" in path.name) == []


def test_two_that_make_a_store_at_once_end_with_the_one_that_was_first_and_replace_nothing(tmp_path, monkeypatch):
    """The slower one finds its place taken: by a database that is in use by then."""
    settings, database, make = Mlflow(uri=f"sqlite:///{tmp_path}/new.db"), tmp_path / "new.db", os.link

    def slower(part, place):
        database.write_bytes(b"")
        connect(Mlflow(uri=f"sqlite:///{database}")).create_experiment("of the faster one")
        make(part, place)

    monkeypatch.setattr(os, "link", slower)
    assert connect(settings).get_experiment_by_name("of the faster one")
    assert [path.name for path in tmp_path.iterdir()] == ["new.db"]


def test_a_store_is_made_where_there_are_no_links(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", Mock(side_effect=PermissionError("no links here")))
    assert connect(Mlflow(uri=f"sqlite:///{tmp_path}/new.db")).search_experiments()
    assert [path.name for path in tmp_path.iterdir()] == ["new.db"]


def test_what_another_process_is_making_is_left_to_it(tmp_path):
    here = Holder.here()
    under_way = [f"new.db.part-{here.host}-{here.pid}-{here.started}-1", "new.db.part-other-host-1-1-1"]
    for name in [*under_way, f"new.db.part-{here.host}-{here.pid}-0-1"]:
        (tmp_path / name).write_bytes(b"")
    connect(Mlflow(uri=f"sqlite:///{tmp_path}/new.db"))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["new.db", *under_way])
