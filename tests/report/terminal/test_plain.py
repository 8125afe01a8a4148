import shlex

import pytest

from gradstudy.report.terminal.plain import LONGEST_NAME, Bar, plain_grid, plain_name, plain_table, plain_text, way_on
from gradstudy.words.command_words import LINE_WIDTH, folded_command


def test_markup_emoji_and_escape_codes_stay_letters(render):
    assert render(plain_text("[red]a[/] :smile: \x1b[31mb\r")) == "[red]a[/] :smile:  [31mb\n"


def test_a_table_is_ascii_but_for_what_it_is_given(render):
    table = plain_table("name", "value", numbers=("value",))
    table.add_row(plain_text("a"), plain_text("1"))
    lines = [line.rstrip() for line in render(table).splitlines()]
    assert lines == ["name  value", "----- -----", "a         1"]


def test_a_name_in_the_first_column_stays_whole_while_other_columns_fold(render):
    table = plain_table("name", "words")
    table.add_row(plain_name("regularization.weight_decay"), plain_text("one two three four five six"))
    page = render(table, width=40)
    assert "regularization.weight_decay" in page
    assert max(map(len, page.splitlines())) <= 40
    assert page.split()[-5:] == ["two", "three", "four", "five", "six"]


def test_a_name_too_long_for_a_page_is_folded_and_never_cut(render):
    name = "".join(f"{number:02d}" for number in range(40))
    assert len(name) > LONGEST_NAME
    table = plain_table("name", "value")
    table.add_row(plain_name(name), plain_text("1"))
    folded = [line.split()[0] for line in render(table).splitlines()[2:]]
    assert "".join(folded) == name


def test_a_grid_folds_long_words_and_never_cuts_them(render):
    grid = plain_grid()
    grid.add_row(plain_text("store"), plain_text("/".join("abcdefghijklmnopqrstuvwxyz" * 3)))
    assert "".join(render(grid, width=40).split()).count("z") == 3


@pytest.mark.parametrize(
    ("share", "length"),
    [(0.0, 0), (-0.1, 0), (1e-6, 1), (0.5, 5), (1.0, 10), (1.2, 10)],
)
def test_a_bar_is_as_long_as_its_share(render, share, length):
    assert render(Bar(share, 10)).count("█") == length


def test_a_bar_without_unicode_is_made_of_number_signs(render):
    assert render(Bar(0.3, 10), encoding="ascii").strip() == "###"


def test_a_bar_shrinks_with_its_room(render):
    assert render(Bar(1.0, 10), width=4) == "████\n"


LONG = "python -m gradstudy +study=rnn_clip " + " ".join(f"space.factor_{n}='choice(a, b)'" for n in range(9))


def test_a_short_way_stands_on_the_line_of_what_it_is_about(render):
    assert render(way_on("stored in", "sqlite:///mlflow.db")) == "stored in       sqlite:///mlflow.db\n"


def test_a_long_command_is_folded_within_the_page_and_read_as_one_by_a_shell(render):
    page = render(way_on("see this again", LONG, folded_command(LONG)))
    about, _, command = page.partition("\n")
    assert about == "see this again"
    assert max(map(len, page.splitlines())) <= LINE_WIDTH
    assert shlex.split(command.replace("\\\n", " ")) == shlex.split(LONG)
    assert folded_command(LONG) == command.rstrip("\n")


def test_an_address_longer_than_the_page_stays_whole_on_a_line_of_its_own(render):
    address = "/home/somebody/" + "a_long_folder/" * 9 + "report.html"
    assert render(way_on("report", address)).splitlines() == ["report", f"  {address}"]
