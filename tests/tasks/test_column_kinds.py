"""What a column holds: kinds of values, whatever type they are stored as, and columns that need a person's word."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest

from gradstudy.tasks.column_kinds import DATE, DURATION, FLAG, NUMBER, WORDS, column_of

NAN = float("nan")
DAY = 18262.0  # 2020-01-01
KINDS = {
    "whole numbers": ([1, 2, 3], NUMBER, [1, 2, 3]),
    "nullable": (pd.array([1, None, 3], dtype="Int64"), NUMBER, [1, NAN, 3]),
    "decimals": ([decimal.Decimal("1.5"), None, decimal.Decimal(2)], NUMBER, [1.5, NAN, 2]),
    "text of numbers": (["1.5", " 2 ", "n/a"], NUMBER, [1.5, 2, NAN]),
    "percent": (["12 %", "3 %"], NUMBER, [12, 3]),
    "mixed objects": ([1, "2", 3.0], NUMBER, [1, 2, 3]),
    "true and false": ([True, False], FLAG, [1, 0]),
    "nullable truth": (pd.array([True, None], dtype="boolean"), FLAG, [1, NAN]),
    "truth with gaps": ([True, None, False], FLAG, [1, NAN, 0]),
    "yes and no": (["Yes", "no", "YES", ""], FLAG, [1, 0, 1, NAN]),
    "ja und nein": (["ja", "nein"], FLAG, [1, 0]),
    "no alone": (["no", "no"], WORDS, [0, 0]),
    "dates": (pd.to_datetime(["2020-01-01", None]), DATE, [DAY, NAN]),
    "dates with a zone": (pd.to_datetime(["2020-01-01 01:00+01:00"]), DATE, [DAY]),
    "text of dates": (["2020-01-01", "2020-01-02", "-"], DATE, [DAY, DAY + 1, NAN]),
    "date objects": ([datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)], DATE, [DAY, DAY + 1]),
    "periods": (pd.PeriodIndex(["2020-01"], freq="M"), DATE, [DAY]),
    "time deltas": (pd.to_timedelta([90, 30], unit="s"), DURATION, [90, 30]),
    "text of times": (["01:00", "0:00:30"], DURATION, [3600, 30]),
    "times of day": ([datetime.time(1, 0, 30)], DURATION, [3630]),
    "words": (["b", "a", "b "], WORDS, [1, 0, 1]),
    "words with gaps": (["b", "?", "a", None], WORDS, [1, NAN, 0, NAN]),
    "strands": (["+", "-", "+"], WORDS, [0, 1, 0]),
    "categories": (pd.Categorical(["b", "a", None], categories=["b", "c", "a"]), WORDS, [0, 2, NAN]),
    "intervals": (pd.cut([1, 5], [0, 2, 6]).astype(object), WORDS, [0, 1]),
    "nothing": ([None, None], WORDS, [NAN, NAN]),
}


@pytest.mark.parametrize("case", KINDS)
def test_a_column_is_read_as_what_it_holds(case):
    held, kind, values = KINDS[case]
    column = column_of("x", pd.Series(held))
    assert (column.kind, column.refused) == (kind, "")
    np.testing.assert_allclose(column.values, values)


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ([[1, 2], [3]], "lists"),
        ([np.ones(2), np.ones(3)], "lists"),
        ([{"a": 1}, {}], "dictionaries"),
        ([b"x", b"y"], "bytes"),
        ([1j, 2.0], "complex numbers"),
        ([{"a": 1}, [2]], "dictionaries and lists"),
        ([{1}, {2}], "values of the type set"),
    ],
)
def test_what_no_network_can_read_is_named(held, told):
    assert column_of("x", pd.Series(held)).refused == told


def test_words_among_numbers_are_counted_and_become_gaps():
    column = column_of("x", pd.Series(["1", "2", "?", "low", "low", "", "4", "5", "6"]))
    assert column.kind == NUMBER
    assert column.odd == {"low": 2, "?": 1, "": 1}
    np.testing.assert_array_equal(column.missing, [False, False, True, True, True, True, False, False, False])


def test_numbers_can_be_taken_as_words():
    column = column_of("zip", pd.Series([1010.0, 1020.0, NAN, 1010.0]), as_words=True)
    assert (column.kind, column.words) == (WORDS, ("1010", "1020"))
    np.testing.assert_array_equal(column.values, [0, 1, NAN, 0])
