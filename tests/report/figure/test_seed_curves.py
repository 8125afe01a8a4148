"""One number of every seed over training: a line, a band, and no lost spike."""

import numpy as np
import pytest

from gradstudy.records import MemberRecord, Series
from gradstudy.report.figure.charts import MOST_POINTS, seed_curve, seed_curves


def series(*values):
    return Series(("all",), np.arange(len(values)), np.reshape(values, (-1, 1)).astype(float))


def test_a_curve_is_the_median_in_decades_with_the_lowest_and_highest_seed():
    curve = seed_curve([series(1.0, 10.0), series(100.0, 1000.0), series(10.0, 100.0)])
    assert curve.in_decades
    assert curve.steps.tolist() == [0, 1]
    assert curve.middle == pytest.approx([1.0, 2.0])
    assert curve.low == pytest.approx([0.0, 1.0])
    assert curve.high == pytest.approx([2.0, 3.0])


def test_what_goes_below_zero_is_not_in_decades():
    curve = seed_curve([series(-1.0, 3.0)])
    assert not curve.in_decades
    assert curve.middle.tolist() == [-1.0, 3.0]


def test_a_step_that_is_not_finite_in_the_median_has_no_point_but_the_band_of_the_others():
    curve = seed_curve([series(1.0, np.inf), series(1.0, np.nan), series(1.0, 10.0)])
    assert np.isnan(curve.middle[1])
    assert curve.high[1] == pytest.approx(1.0)
    nothing = seed_curve([series(np.inf), series(np.nan)])
    assert np.isnan([nothing.middle, nothing.low, nothing.high]).all()


def test_many_steps_become_few_points_and_no_spike_is_lost():
    values = np.ones(1000)
    values[777] = 1e9
    curve = seed_curve([series(*values)])
    assert len(curve.steps) == MOST_POINTS
    assert curve.high.max() == pytest.approx(9.0)
    assert curve.steps[0] < 1000 / MOST_POINTS
    assert curve.steps[-1] >= 1000 - 1000 / MOST_POINTS
    assert np.all(np.diff(curve.steps) > 0)


def test_a_number_of_exactly_zero_leaves_a_gap():
    assert np.isnan(seed_curve([series(0.0, 1.0)]).middle).tolist() == [True, False]


def test_curves_are_the_same_picture_where_every_number_is():
    one, two = seed_curve([series(1.0, np.inf)]), seed_curve([series(1.0, np.inf)])
    assert one.same_as(two)
    assert not one.same_as(seed_curve([series(1.0, 2.0)]))


def test_a_quantity_that_some_seed_does_not_have_has_no_curve():
    both, one = ({name: series(1.0, 10.0) for name in names} for names in (("loss", "norm"), ("loss",)))
    found = seed_curves([MemberRecord(0, 0, both), MemberRecord(0, 1, one)], {"training": "loss", "size": "norm"})
    assert list(found) == ["training"]
    assert found["training"].middle == pytest.approx([0.0, 1.0])
