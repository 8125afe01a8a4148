import numpy as np
import pytest

from gradstudy.report.diagnosis.symptoms import known_median, look, places_of, steps_of, typical


@pytest.fixture
def records(make_record):
    """Two members, of which the second one ended after step 1."""
    return [make_record([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), make_record([[7.0, 8.0], [9.0, 10.0]], seed=1)]


def test_steps_are_those_that_any_member_reached(records):
    assert steps_of(records, "signal") == [0, 1, 2]
    assert steps_of(records, "jacobian") == []


def test_a_look_has_a_row_per_member_that_reached_the_step(records):
    assert look(records, "signal", 1).tolist() == [[3.0, 4.0], [9.0, 10.0]]
    assert look(records, "signal", 2).tolist() == [[5.0, 6.0]]
    assert look(records, "signal", 3).shape == (0, 2)
    assert look(records, "jacobian", 0).shape == (0, 0)


def test_places_keep_the_order_in_which_they_were_recorded(make_record):
    record = make_record([[1.0]], seen={"dead_units": {"b": [0.0], "a": [0.0]}})
    assert places_of([record], "dead_units") == ("b", "a")


def test_the_median_leaves_out_nan_and_keeps_infinity():
    table = [[1.0, np.nan, np.inf, 1.5e308], [5.0, np.nan, np.inf, 1.5e308], [2.0, np.nan, np.nan, np.nan]]
    assert known_median(np.array(table)) == pytest.approx([2.0, np.nan, np.inf, 1.5e308], nan_ok=True)


def test_the_median_between_both_infinities_is_unknown():
    assert np.isnan(known_median(np.array([[-np.inf], [np.inf]]))).all()


def test_the_typical_member_has_the_median_ratio_to_its_own_last_place():
    """Ratios 1e-6, 1e-2 and 1e-1 to last places 1, 1e-3 and 1e-1, whose median is 1e-1."""
    assert typical(np.array([[1e-6, 1.0], [1e-5, 1e-3], [1e-2, 1e-1]])) == pytest.approx([-3.0, -1.0])


def test_the_typical_member_of_nothing_but_zeros_is_zero():
    assert typical(np.zeros((2, 3))).tolist() == [-np.inf] * 3
