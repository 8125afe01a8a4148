"""Numbers in a few letters, the same on every page."""

import math

import pytest

from gradstudy.words.number_words import fraction, visible


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.474, ".47"),
        (1.0, "1.00"),
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
