import io
import sys

import pytest
from rich.text import Text

from gradstudy.report.terminal.console import PIPED_WIDTH, WIDEST, PageConsole, make_console
from gradstudy.report.terminal.plain import plain_table, whole_text


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
    assert console.width == PIPED_WIDTH == 80
    assert PIPED_WIDTH - len("word ") <= max(map(len, page.splitlines())) <= PIPED_WIDTH
    assert "\x1b" not in page


@pytest.mark.usefixtures("piped")
@pytest.mark.parametrize(("columns", "width"), [("72", 72), ("0", 80), ("-5", 80), ("wide", 80), ("", 80)])
def test_columns_set_the_width_of_a_piped_page_where_they_are_a_width(monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", columns)
    assert make_console().width == width


def test_markup_and_emoji_codes_stay_text(piped):
    make_console().print("[red]a[/red] :smile:")
    assert piped() == "[red]a[/red] :smile:\n"


def test_a_letter_that_the_encoding_lacks_does_not_end_the_study(monkeypatch):
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="\n")
    monkeypatch.setattr(sys, "stdout", file)
    make_console().print("naïve")
    file.flush()
    assert file.buffer.getvalue() == b"na?ve\n"


def test_no_line_of_a_page_ends_in_blanks_and_nothing_else_is_lost(piped):
    table = plain_table("name", "words")
    table.add_row("a", "b")
    table.add_row("", "")
    make_console().print(table)
    make_console().print("  two words  \n\nend")
    assert piped().splitlines() == ["name  words", "----- -----", "a     b", "", "  two words", "", "end"]


def test_what_has_to_stay_whole_is_neither_folded_nor_cut_off(piped):
    address = "/".join(["folder"] * 40)
    make_console().print(whole_text(address))
    assert piped() == f"{address}\n"


def test_words_on_a_wide_terminal_are_folded_where_they_can_be_read():
    terminal = PageConsole(file=io.StringIO(), force_terminal=True, width=200)
    terminal.print(Text("word " * 100))
    assert WIDEST - len("word ") <= max(map(len, terminal.file.getvalue().splitlines())) <= WIDEST
    assert PageConsole(file=io.StringIO(), width=200).width == 200


@pytest.mark.parametrize("columns", ["²", "9" * 5000, "-3", "0", "", " ", "1e3", "٣"])
def test_a_width_that_is_no_number_of_characters_is_passed_over(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("LINES", columns)
    assert make_console().width == PIPED_WIDTH
