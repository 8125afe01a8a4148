"""Where trials are kept: what a killed driver left in the journal is mended, and databases are opened without leaks."""

import optuna
import pytest
from optuna.storages import RDBStorage
from sqlalchemy.exc import IntegrityError, OperationalError

from gradstudy.errors import InputError, TrackingAway
from gradstudy.search import storage as module
from gradstudy.search.storage import JOURNAL, open_storage, reachable

SECRET = "s3cr3t/w0rd"


@pytest.fixture
def journal(tmp_path):
    """A journal of one study with three trials told."""
    study = optuna.create_study(storage=open_storage("", tmp_path), study_name="s")
    for value in range(3):
        study.tell(study.ask(), value)
    return tmp_path / JOURNAL


def stored_values(journal):
    study = optuna.load_study(storage=open_storage("", journal.parent), study_name="s")
    return [trial.value for trial in study.get_trials()]


@pytest.mark.parametrize("tail", [b'{"op_code":4,"wor', b"{", b"\x00" * 40, b"\xff\xfe", b'{"op_code":4,"wor\n', b"\n"])
def test_a_torn_last_line_is_cut_and_writing_goes_on(journal, tail):
    whole = journal.read_bytes()
    journal.write_bytes(whole + tail)
    study = optuna.load_study(storage=open_storage("", journal.parent), study_name="s")
    assert journal.read_bytes() == whole
    study.tell(study.ask(), 3)
    assert stored_values(journal) == [0, 1, 2, 3]


def test_a_line_torn_anywhere_leaves_the_lines_before_it(journal):
    lines = journal.read_bytes().splitlines(keepends=True)
    for length in range(len(lines[-1])):
        journal.write_bytes(b"".join(lines[:-1]) + lines[-1][:length])
        assert stored_values(journal) == [0, 1, None]
        assert journal.read_bytes() == b"".join(lines[:-1])


def test_a_whole_journal_is_not_written_to_when_it_is_opened(journal):
    before = journal.stat().st_mtime_ns, journal.stat().st_ino
    open_storage("", journal.parent)
    assert (journal.stat().st_mtime_ns, journal.stat().st_ino) == before


@pytest.mark.parametrize("content", [b"", b"{", b"{\n"])
def test_a_journal_torn_in_its_first_line_is_empty(tmp_path, content):
    (tmp_path / JOURNAL).write_bytes(content)
    assert open_storage("", tmp_path).get_all_studies() == []


@pytest.mark.parametrize(
    "line", [b"damage", b"5", b"null", b"[]", b"{}", b'{"op_code":99}', b"\xff\x00\xfe", b""], ids=str
)
@pytest.mark.parametrize("place", [0, 3])
def test_a_journal_that_cannot_be_read_is_kept_under_another_name_and_that_is_said(journal, line, place):
    lines = journal.read_bytes().splitlines(keepends=True)
    said = []
    for n in (1, 2):
        damaged = b"".join([*lines[:place], line + b"\n", *lines[place:]])
        journal.write_bytes(damaged)
        assert open_storage("", journal.parent, said.append).get_all_studies() == []
        assert journal.with_name(f"journal.log.damaged-{n}").read_bytes() == damaged
        assert "journal.log is damaged (" in said[-1]
        assert said[-1].endswith(f"kept as journal.log.damaged-{n}, and made anew from the stored trials.")
    assert not said[2:]


def test_a_journal_that_is_a_folder_is_set_aside_too(tmp_path):
    (tmp_path / JOURNAL).mkdir()
    assert open_storage("", tmp_path, lambda _: None).get_all_studies() == []
    assert (tmp_path / f"{JOURNAL}.damaged-1").is_dir()


def test_the_lock_of_a_killed_driver_does_not_stall_the_next(journal):
    (journal.parent / f"{journal.name}.lock").symlink_to("gone")
    (journal.parent / f"{journal.name}.lock0d4e.rename").symlink_to("gone")
    storage = open_storage("", journal.parent)
    assert [path.name for path in journal.parent.iterdir()] == [JOURNAL]
    storage.create_new_trial(0)


def test_a_relative_folder_means_the_same_after_a_change_of_folder(workplace, monkeypatch):
    (workplace / "here").mkdir()
    storage = open_storage("", (workplace / "here").relative_to(workplace))
    monkeypatch.chdir("/")
    assert optuna.create_study(storage=storage, study_name="s").study_name == "s"
    assert (workplace / "here" / JOURNAL).stat().st_size > 0


def test_a_database_url_opens_that_database(tmp_path):
    storage = open_storage(f"sqlite:///{tmp_path}/trials.db", tmp_path)
    assert isinstance(storage, RDBStorage)
    storage.engine.dispose()
    assert [path.name for path in tmp_path.iterdir()] == ["trials.db"]


@pytest.mark.parametrize(
    "met", ["UNIQUE constraint failed: alembic_version", "table studies already exists", "database is locked"]
)
def test_a_database_whose_tables_another_launch_is_making_is_opened_a_moment_later(tmp_path, monkeypatch, met):
    kind = IntegrityError if met.startswith("UNIQUE") else OperationalError
    tries, waits = [kind("CREATE TABLE", {}, Exception(met))] * 2, []
    monkeypatch.setattr(module.time, "sleep", waits.append)
    monkeypatch.setattr(module, "RDBStorage", lambda url: _raise(tries.pop()) if tries else url)
    assert open_storage("sqlite:///trials.db", tmp_path) == "sqlite:///trials.db"
    assert waits == [0.5, 0.5]


def _raise(error):
    raise error


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("trials.db", "begins with 'trials.db'"),
        (f"ann:{SECRET}@host/db", "begins with 'ann'"),
        (f"postgresql://host:{SECRET}/db", "begins with 'postgresql'"),
        ("sqlite:////no/such/folder/trials.db", "sqlite:////no/such/folder/trials.db cannot"),
        (f"postgres://ann:{SECRET}@host/db", "postgres://ann:***@host/db cannot: Can't load plugin"),
        (f"nonsense://ann:a?{SECRET}@host/db?password={SECRET}@", "nonsense://ann:***@host/db cannot"),
        (f"sqlite:////no/such/folder/trials.db?password={SECRET}", "trials.db cannot"),
    ],
)
def test_a_database_that_cannot_be_opened_is_told_without_its_password(tmp_path, url, told):
    with pytest.raises(InputError, match=r"search\.storage must") as refusal:
        open_storage(url, tmp_path)
    assert told in str(refusal.value)
    assert SECRET not in str(refusal.value)
    assert refusal.value.__cause__ is refusal.value.__context__ is None
    assert "\n" not in str(refusal.value)


def test_optuna_says_nothing_about_what_goes_well(tmp_path, capfd):
    optuna.create_study(storage=open_storage("", tmp_path)).ask()
    assert capfd.readouterr() == ("", "")


def test_a_database_that_goes_away_is_told_and_what_it_is_not_passes():
    gone = OperationalError("SELECT 1", {}, Exception("server closed the connection"))
    told = r"postgresql://ann:\*\*\*@db/x, went away: .*closed.* same command goes on"
    with pytest.raises(TrackingAway, match=told), reachable("postgresql://ann:secret5@db/x"):
        raise gone
    with pytest.raises(OperationalError), reachable(""):  # of a journal there is no database
        raise gone
