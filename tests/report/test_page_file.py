"""A study's report where a person wants it: whole, or refused with the way out."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from support.made_study import made_study

from gradstudy.analysis.settings import DEFAULTS
from gradstudy.cli import print_mode
from gradstudy.errors import InputError
from gradstudy.report.page_file import write_report
from gradstudy.report.page_path import check_page_path
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
    Path("mine.html").write_text("<!doctype html>before", encoding="utf-8")
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
    Path("mine.html").write_text("<!doctype html>before", encoding="utf-8")
    monkeypatch.setattr("os.replace", Mock(side_effect=OSError(28, "No space left on device")))
    with pytest.raises(InputError, match=r"could not be written to .*mine.html. The disk of .* has no room left"):
        write_report(run, "mine.html")
    assert Path("mine.html").read_text(encoding="utf-8") == "<!doctype html>before"
    assert [path.name for path in Path().iterdir()] == ["mine.html"]


@pytest.mark.parametrize("planted", ["mine.html.part", "mine.html"])
def test_no_planted_link_is_followed(run, planted):
    Path("victim").write_text("<!doctype html>theirs")
    Path(planted).symlink_to("victim")
    write_report(run, "mine.html")
    assert Path("victim").read_text() == "<!doctype html>theirs"
    assert not Path("mine.html").is_symlink()


@pytest.mark.parametrize("content", ["question: Why?", "<!doctypes"])
def test_what_is_no_report_is_not_written_over(content):
    Path("study.yaml").write_text(content)
    with pytest.raises(InputError, match="is no report"):
        check_page_path(Path("study.yaml"))


def test_a_device_is_no_report_either_and_an_empty_file_may_become_one():
    with pytest.raises(InputError, match="is no report"):
        check_page_path(Path("/dev/null"))
    Path("mine.html").touch()
    check_page_path(Path("mine.html"))


def test_a_page_lets_a_browser_run_its_own_script_alone(run):
    page = write_report(run, "mine.html").read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
    assert rules["script-src"] == f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
    assert [rules[name] for name in ("default-src", "base-uri", "form-action")] == ["'none'"] * 3
    assert not re.search(r"<\w[^>]*\son\w+=", page)
