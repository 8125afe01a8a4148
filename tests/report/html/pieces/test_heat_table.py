import re

import numpy as np
import pytest

from gradstudy.report.html.pieces.heat_table import Field, HeatTable, luminance


def looks(number, low=0.0, high=1.0):
    return HeatTable("", [], [], [], low, high).looks(Field(number, "", ""))


def test_luminance_is_that_of_the_standard():
    # WCAG's own examples: white is 1, black 0, pure green .7152
    assert [luminance(colour) for colour in ("#ffffff", "#000000", "#00ff00")] == pytest.approx([1.0, 0.0, 0.7152])


@pytest.mark.parametrize("number", np.linspace(0.0, 1.0, 21))
def test_letters_can_be_read_on_every_colour(number):
    ground, letters = re.fullmatch(r"background: (#\w{6}); color: (#\w{3})", looks(number)).groups()
    dark, bright = sorted((luminance(ground), luminance("#" + 2 * letters[1:])))
    assert (bright + 0.05) / (dark + 0.05) >= 4.5


def test_more_is_brighter():
    grounds = [luminance(looks(number)[12:19]) for number in (0.0, 0.3, 0.6, 1.0)]
    assert grounds == sorted(grounds)
    assert len(set(grounds)) == 4


def test_what_is_missing_has_no_colour_and_a_range_of_nothing_has_one():
    assert looks(np.nan) == ""
    assert looks(0.4, 0.4, 0.4) == looks(0.0)
