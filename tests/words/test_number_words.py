"""Numbers in a few letters, the same on every page."""

import math

import pytest

from gradstudy.words.number_words import (
    compact,
    factor_words,
    fraction,
    glossed,
    percent,
    percent_interval,
    percent_words,
    rounded,
    signed,
    visible,
)


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.474, ".47"),
        (1.0, "1.00"),
        (0.999, "1.00"),
        (10.5, "10.50"),
        (-0.03, "-.03"),
        (-0.004, ".00"),
        (-3.2, "-3.20"),
        (math.nan, "-"),
        (math.inf, "-"),
    ],
)
def test_a_fraction_has_two_digits_and_no_leading_zero(number, written):
    assert fraction(number) == written


@pytest.mark.parametrize(("share", "written"), [(0.47, ".47"), (0.0051, ".01"), (0.0049, ""), (0.0, "")])
def test_in_a_crowd_what_would_read_as_nothing_is_not_written(share, written):
    assert visible(share) == written


@pytest.mark.parametrize(
    ("number", "digits", "plain", "with_sign"),
    [(2.84, 1, "2.8", "+2.8"), (-0.04, 1, "0.0", "+0.0"), (-31.6, 0, "-32", "-32"), (math.nan, 2, "-", "+nan")],
)
def test_what_rounds_to_nothing_has_no_minus(number, digits, plain, with_sign):
    assert rounded(number, digits) == plain
    assert signed(number, digits) == with_sign


def test_shares_in_percent_keep_what_was_chosen_and_show_that_little_is_not_nothing():
    assert (percent_words(0.995), percent_interval(0.356, 0.594)) == ("99.5 %", "36 to 59 %")
    assert (percent(1, 1000), percent(0, 0), percent(3, 4)) == ("<1 %", "0 %", "75 %")


@pytest.mark.parametrize("number", [-0.0, -1e-9, -0.004])
def test_no_way_to_write_a_number_shows_a_minus_before_nothing(number):
    """Of a number that is nothing to two digits; three significant digits show what there is."""
    written = [fraction(number), rounded(number, 2), signed(number, 2), visible(number), compact(round(number, 2))]
    assert written == [".00", "0.00", "+0.00", "", "0"]


@pytest.mark.parametrize(
    ("number", "digits", "written"),
    [(0.0123456, 3, "0.0123"), (123456, 3, "123000"), (-1234567, 3, "-1.23e+06"), (1024, 6, "1024"), (-2.5, 3, "-2.5")],
)
def test_a_compact_number_has_so_many_digits_at_most(number, digits, written):
    assert compact(number, digits) == written


@pytest.mark.parametrize(
    ("decades", "factor"),
    [(0.4, "2.5"), (-0.4, "2.5"), (2.2, "200"), (4.5, "30000"), (5.4, "300000"), (5.6, "10^6"), (-102.4, "10^102")],
)
def test_decades_are_told_as_a_factor(decades, factor):
    assert factor_words(decades) == f"a factor of about {factor}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "loses 4.5 decades here, 3 decades there",
            "loses 4.5 decades (a factor of about 30000) here, 3 decades there",
        ),
        ("0.3 decades per layer, 3 decades", "0.3 decades per layer, 3 decades (a factor of about 1000)"),
        ("no number", "no number"),
        ("(5 in all, a factor of about 100000), 3 decades", "(5 in all, a factor of about 100000), 3 decades"),
    ],
)
def test_the_first_decades_of_a_text_are_told_as_a_factor_once(text, told):
    assert glossed(text) == told
