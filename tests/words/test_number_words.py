"""Numbers in a few letters, the same on every page."""

import math

import pytest

from gradstudy.words.number_words import fraction, percent, percent_interval, percent_words, rounded, signed, visible


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
