import pytest

from gradstudy.notebook.axes import MOST_LETTERS, letters, named, power


@pytest.mark.parametrize(
    ("decades", "written"),
    [(-5.0, "1e-05"), (0.0, "1e+00"), (300, "1e+300"), (-0.5, "3.2e-01"), (0.301, "2.0e+00"), (312.5, "3.2e+312")],
)
def test_decades_are_read_as_the_numbers_themselves(decades, written):
    assert power(decades) == written


def test_a_name_in_a_picture_is_no_formula_and_has_one_line():
    assert letters("$\\frac{$") == "\\$\\frac{\\$"
    assert letters("two\nlines") == "two lines"


def test_a_long_name_is_cut_and_says_so():
    cut = letters("n" * 60)
    assert len(cut) == MOST_LETTERS
    assert cut.endswith("…")
    assert letters("n" * MOST_LETTERS) == "n" * MOST_LETTERS


def test_few_places_are_all_named():
    assert named(["layer_01", "layer_02"]) == ([0, 1], ["layer 01", "layer 02"])
