"""The last handler: what nobody foresaw is one line and a file with its details, and never a bare traceback."""

import re
import tempfile
from pathlib import Path

import pytest
from support.command import in_process

import gradstudy.cli

ERRORS = [
    RuntimeError("the kettle boiled\nover"),
    RecursionError("maximum recursion depth exceeded"),
    MemoryError(),
    OverflowError("int too large to convert to float"),
    AssertionError(),
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def broken(monkeypatch):
    """A door behind which everything ends in this error."""

    def breaks_with(error):
        def breaks(*_):
            raise error

        monkeypatch.setattr(gradstudy.cli, "_carry_out", breaks)

    return breaks_with


def log_of(done):
    assert done.code == 70
    assert "Traceback" not in done.message
    assert len(done.message.splitlines()) == 1, done.message
    return Path(re.search(r"details are in (.*)\.$", done.message.strip())[1])


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_what_nobody_foresaw_is_one_line_that_names_a_file_with_its_traceback(broken, here, error):
    broken(error)
    log = log_of(done := in_process(["mode=plan"], here))
    assert type(error).__name__ in done.message
    assert log.parent == here / ".gradstudy" / "log"
    written = log.read_text()
    assert "Traceback" in written
    assert "python -m gradstudy mode=plan" in written
    assert [path.name for path in log.parent.iterdir()] == [log.name]  # written whole, with nothing beside it


def test_a_password_is_in_neither(broken, here):
    broken(RuntimeError("postgresql://me:tr0ub4dor@here/db does not answer"))
    log = log_of(done := in_process(["tracking.uri=postgresql://me:tr0ub4dor@here/db", "mode=plan"], here))
    assert "tr0ub4dor" not in done.message + log.read_text()


def test_where_the_working_folder_takes_no_log_it_lies_in_the_temporary_one(broken, here, monkeypatch):
    (here / ".gradstudy").write_text("a file where a folder is wanted")
    (here / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(here / "temporary"))
    broken(RuntimeError("no"))
    log = log_of(in_process(["mode=plan"], here))
    assert log.parent == here / "temporary"
    assert "RuntimeError: no" in log.read_text()


def test_where_no_folder_takes_a_log_the_line_says_how_to_see_more(broken, here, monkeypatch):
    (here / ".gradstudy").write_text("a file where a folder is wanted")
    monkeypatch.setattr(tempfile, "tempdir", str(here / ".gradstudy"))
    broken(RuntimeError("no"))
    done = in_process(["mode=plan"], here)
    assert (done.code, "HYDRA_FULL_ERROR=1" in done.message) == (70, True)


def test_a_reader_that_went_away_is_no_error(broken, here):
    broken(BrokenPipeError(32, "Broken pipe"))
    done = in_process(["mode=plan"], here)
    assert (done.code, done.message) == (141, "")
