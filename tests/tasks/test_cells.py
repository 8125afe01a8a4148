"""What people write into cells: numbers with marks and units, dates, durations."""

from datetime import UTC, datetime

import pytest

from gradstudy.tasks.cell_numbers import decimal_mark, numbers_in
from gradstudy.tasks.cell_times import dates_in, day_words, durations_in


@pytest.mark.parametrize(
    ("cells", "mark", "values", "unit"),
    [
        (["1.5", "-2", "+3", ".5", "5.", "1e3"], ".", [1.5, -2, 3, 0.5, 5, 1000], ""),
        (["1,234.5", "1,234,567", "3"], ".", [1234.5, 1234567, 3], ""),
        (["1.234,5", "12,5", "1.234.567"], ",", [1234.5, 12.5, 1234567], ""),
        (["1 234,5", "1\u00a0234", "1\u202f234"], ",", [1234.5, 1234, 1234], ""),
        (["1'234.5"], ".", [1234.5], ""),
        (["12 %", "3%"], ".", [12, 3], "%"),
        (["€ 3", "€1,000", "-€ 2"], ".", [3, 1000, -2], "€"),
        (["3,50 €", "1.000,00 €"], ",", [3.5, 1000], "€"),
        (["(1,234)", "5"], ".", [-1234, 5], ""),
        (["−3", "4"], ".", [-3, 4], ""),
        (["5 kg", "7kg"], ".", [5, 7], "kg"),
        (["1.5", "2.25"], ",", [1.5, 2.25], ""),  # a column of its own way in a file of decimal commas
        (["1.234", "2.345"], ",", [1234, 2345], ""),
        (["1.234", "2.345"], ".", [1.234, 2.345], ""),
    ],
)
def test_numbers_are_read_as_they_are_written(cells, mark, values, unit):
    found = numbers_in(cells, mark)
    assert [found.values[cell] for cell in cells] == values
    assert found.unit == unit


@pytest.mark.parametrize(
    "cells", [["5 kg", "300 g"], ["1st", "2nd"], ["192.168.1.1"], ["01.02.2020"], ["id1"], ["0664 123 456"], ["-", "."]]
)
def test_what_only_looks_like_numbers_is_none(cells):
    assert not numbers_in(cells, ".").values
    assert not numbers_in(cells, ",").values


def test_a_unit_that_few_numbers_have_makes_another_thing_of_them():
    assert set(numbers_in(["12", "14", "3a"], ".").values) == {"12", "14"}


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1,5"], ","),
        (["1.5"], "."),
        (["1.234,56 €"], ","),
        (["$1,234.56"], "."),
        (["0,123"], ","),
        (["1,234"], ""),
        (["1.234"], ""),
        (["01.02.2020"], ""),
        (["1,5", "2.5"], ""),
        (["word"], ""),
    ],
)
def test_a_decimal_mark_is_what_leaves_no_doubt(cells, mark):
    assert decimal_mark(cells) == mark


@pytest.mark.parametrize(
    ("cells", "day"),
    [
        (["2020-03-04"], (2020, 3, 4)),
        (["2020/03/04"], (2020, 3, 4)),
        (["04.03.2020"], (2020, 3, 4)),
        (["4.3.20"], (2020, 3, 4)),
        (["03/04/2020"], (2020, 3, 4)),
        (["04/03/2020", "13/03/2020"], (2020, 3, 4)),
        (["03/04/2020", "03/13/2020"], (2020, 3, 4)),
        (["Mar 4, 2020"], (2020, 3, 4)),
        (["4 March 2020"], (2020, 3, 4)),
        (["2020-03-04 12:00:00"], (2020, 3, 4, 12)),
        (["2020-03-04T14:00:00+02:00"], (2020, 3, 4, 12)),
        (["9999-12-31"], (9999, 12, 31)),
    ],
)
def test_dates_are_days_since_1970(cells, day):
    since = datetime(*day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    assert dates_in(cells)[cells[0]] == pytest.approx(since.total_seconds() / 86400)


@pytest.mark.parametrize("cells", [["2020-13-45"], ["2020-01-01", "soon"], ["1.5"], ["2020"], ["12:30"], []])
def test_where_one_is_no_date_none_is(cells):
    assert dates_in(cells) == {}


def test_durations_are_seconds():
    told = {"01:02:03": 3723, "12:30": 45000, "2 days 01:00:00": 176400, "0:00:01.5": 1.5}
    assert durations_in([*told, "x", "1:99"]) == told


def test_a_day_is_said_as_a_date():
    assert day_words(0.0) == "1970-01-01"
    assert day_words(18262.5) == "2020-01-01 12:00:00"
    assert day_words(dates_in(["9999-12-31"])["9999-12-31"]) == "9999-12-31"
