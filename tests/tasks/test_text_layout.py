"""How a text lays out its table: separators, headers and what is none, rows that do not fit."""

import pytest

from gradstudy.tasks.text_layout import layout_of

ROWS = "1,2\n3,4\n"


@pytest.mark.parametrize(
    ("text", "separator", "names", "rows"),
    [
        ("a,b\n" + ROWS, "comma", ("a", "b"), 2),
        ("a;b\n1,5;2,5\n2,5;3,5\n", "semicolon", ("a", "b"), 2),
        ("a\tb\n1 x\t2,5\n3 y\t3,5\n", "tab", ("a", "b"), 2),
        ("a|b\n1|2\n3|4\n", "pipe", ("a", "b"), 2),
        ("a b  c\n1 2 3\n 4  5 6\n", "space", ("a", "b", "c"), 2),
        ("sep=;\na;b\n1;2\n", "semicolon", ("a", "b"), 1),
        ("only\n1\n2\n", "comma", ("only",), 2),
        ('a,b\n"x,\ny",2\nz,3\n', "comma", ("a", "b"), 3),
        ('text;a,b\n"one; two";1\n"no; yes";2\n', "semicolon", ("text", "a,b"), 2),
    ],
)
def test_separators_are_found(text, separator, names, rows):
    found = layout_of(text)
    assert (found.separator, found.names, len(found.body.splitlines())) == (separator, names, rows)


@pytest.mark.parametrize(
    ("text", "names", "header"),
    [
        ("x,y\n" + ROWS, ("x", "y"), 1),
        ("0.5,2\n3,4\n", ("column_1", "column_2"), 0),
        ("5.1,3.5,Iris-setosa\n4.9,3.0,Iris-setosa\n", ("column_1", "column_2", "column_3"), 0),
        ("2020-01-01,5\n2020-01-02,6\n", ("column_1", "column_2"), 0),
        ("a1,5\na2,6\na3,7\na4,8\n", ("column_1", "column_2"), 0),
        ("country,2019,2020\nAT,1,2\nDE,3,4\n", ("country", "2019", "2020"), 1),
        ("0,1,2\n4,5,6\n7,8,9\n", ("0", "1", "2"), 1),
        ("# made by hand\n# x,y\n" + ROWS, ("x", "y"), 2),
        ("#x\ty\n1\t2\n", ("x", "y"), 1),
        ("Station 5, roof\nExported by v2\n\nx,y\n" + ROWS, ("x", "y"), 4),
        ("Weather\n\nx;y\n1,5;2\n", ("x", "y"), 3),
    ],
)
def test_a_header_is_told_from_rows_and_from_what_stands_before(text, names, header):
    found = layout_of(text)
    assert (found.names, found.header) == (names, header)


def test_a_first_row_that_holds_a_column_that_is_asked_for_is_the_header():
    text = "1850,1.5\n3,4\n5,6\n"
    assert layout_of(text).header == 0
    assert layout_of(text, named=["1850"]).names == ("1850", "1.5")


def test_a_header_can_be_said_to_be_there_or_not():
    assert layout_of("7,8\n" + ROWS, header="true").names == ("7", "8")
    assert len(layout_of("x,y\n" + ROWS, header="false").body.splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (",a\n0,1\n1,2\n", ("Unnamed: 0", "a")),
        ("a,b\nr1,1,2\nr2,3,4\nr3,5,6\n", ("Unnamed: 0", "a", "b")),
        ("a,b\n1,2,\n3,4,\n", ("a", "b", "Unnamed: 2")),
        ("x,x,x.1\n1,2,3\n4,5,6\n", ("x", "x.1", "x.1.1")),
        ('"two\nlines",b\n1,2\n3,4\n', ("two lines", "b")),
    ],
)
def test_columns_without_a_name_or_with_that_of_another_get_one(text, names):
    assert layout_of(text).names == names


def test_a_header_that_breaks_lines_ends_where_its_row_ends():
    assert layout_of('"height\n(cm)",age\n1,2\n3,4\n').body == "1,2\n3,4\n"


def test_names_of_several_columns_are_told():
    assert layout_of("x,x,y\n1,2,3\n4,5,6\n").doubled == ("x",)


def test_comments_among_rows_are_no_rows_but_in_quotes_they_are_text():
    found = layout_of("x,y\n1,2\n# restarted, twice\n3,4\n")
    assert (found.body, found.skipped) == ("1,2\n3,4\n", 1)
    assert layout_of('x,y\n"a\n# b",2\nc,3\n').body.count("#") == 1
    assert layout_of('x,y\n# restarted\n"1",2\n3,4\n').body == '"1",2\n3,4\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,2\n1,2,3\n", "it has 2 columns, and its line 3 has 3: "),
        ("a,b,c\n1,2,3\n1,2\n1,2,3\n1\n", r"it has 3 columns, and its line 3 has 2 \(and 1 more are wrong\): "),
        ("", "it is empty"),
        ("\n\n", "it is empty"),
    ],
)
def test_rows_that_do_not_fit_are_told_by_their_line(text, told):
    with pytest.raises(ValueError, match=told):
        layout_of(text)
