"""A study's report where a person wants it: whole, or refused with the way out."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from support.made_study import made_study

from gradstudy.analysis.settings import DEFAULTS
from gradstudy.cli import print_mode
from gradstudy.errors import InputError
from gradstudy.report.page_file import check_page_path, write_report
from gradstudy.results import Run
from gradstudy.tracking.record_file import tidy

pytestmark = pytest.mark.usefixtures("workplace")


@pytest.fixture
def run():
    stored = made_study()
    stored.info = replace(stored.info, question="Où est-elle ?")
    stored.gradients = lambda **filters: tidy((), filters)
    return Run(stored, DEFAULTS)


def test_a_report_is_written_in_place_of_an_earlier_one_and_nothing_else_is_left(run):
    Path("mine.html").write_text("before", encoding="utf-8")
    assert write_report(run, "mine.html") == Path.cwd() / "mine.html"
    page = Path("mine.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "Où est-elle ?" in page
    assert [path.name for path in Path.cwd().iterdir()] == ["mine.html"]


def test_a_report_goes_into_any_folder_that_is_there(run):
    Path("deep").mkdir()
    write_report(run, Path("deep") / "mine.html")
    assert Path("deep/mine.html").exists()
    with pytest.raises(InputError, match="does not exist"):
        write_report(run, "deeper/mine.html")
    assert not Path("deeper").exists()


def test_one_configuration_has_a_report_too_which_its_page_in_a_terminal_names(capsys):
    with pytest.raises(InputError, match="does not exist"):
        print_mode("trial", ["budget.steps=-1"], page="deeper/mine.html")  # before anything is looked at
    small = ["mode=trial", "model=mlp", "model.depth=2", "task=digits", "budget.steps=1", "budget.seeds=1"]
    print_mode("trial", [*small, "report=mine.html"], page="mine.html")
    said = capsys.readouterr().out
    assert str(Path.cwd() / "mine.html") in said
    page = Path("mine.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "model.depth=2" in page
    assert "report=mine.html" not in page + said


def test_a_folder_is_no_file():
    with pytest.raises(InputError, match="got the folder"):
        check_page_path(Path("."))


def test_a_name_that_no_disk_takes_is_refused_before_anything_is_measured():
    with pytest.raises(InputError, match="File name too long"):
        check_page_path(Path("x" * 300))


def test_a_folder_that_cannot_be_written_is_named(monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(InputError, match="cannot be written"):
        check_page_path(Path("mine.html"))


def test_a_disk_that_is_full_is_told_and_the_earlier_report_stays(run, monkeypatch):
    Path("mine.html").write_text("before", encoding="utf-8")
    monkeypatch.setattr("os.replace", Mock(side_effect=OSError(28, "No space left on device")))
    with pytest.raises(InputError, match="No space left on device"):
        write_report(run, "mine.html")
    assert Path("mine.html").read_text(encoding="utf-8") == "before"
    assert [path.name for path in Path().iterdir()] == ["mine.html"]
