import io
import sys

import pytest

from gradstudy.report.console import PIPED_WIDTH, make_console


@pytest.fixture
def piped(monkeypatch, capsys):
    """What was written to a standard output that is no terminal."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return lambda: capsys.readouterr().out


def test_without_a_terminal_a_page_is_plain_text_of_the_piped_width(piped):
    console = make_console()
    console.print("word " * 40, style="red")
    page = piped()
    assert console.width == PIPED_WIDTH
    assert PIPED_WIDTH - len("word ") <= max(map(len, page.splitlines())) <= PIPED_WIDTH
    assert "\x1b" not in page


@pytest.mark.usefixtures("piped")
def test_columns_set_the_width_of_a_piped_page(monkeypatch):
    monkeypatch.setenv("COLUMNS", "72")
    assert make_console().width == 72


@pytest.mark.usefixtures("piped")
@pytest.mark.parametrize("columns", ["0", "-5", "wide", ""])
def test_columns_that_are_no_width_are_ignored(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    assert make_console().width == PIPED_WIDTH


def test_markup_and_emoji_codes_stay_text(piped):
    make_console().print("[red]a[/red] :smile:")
    assert piped() == "[red]a[/red] :smile:\n"


def test_a_letter_that_the_encoding_lacks_does_not_end_the_study(monkeypatch):
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="\n")
    monkeypatch.setattr(sys, "stdout", file)
    make_console().print("naïve")
    file.flush()
    assert file.buffer.getvalue() == b"na?ve\n"
