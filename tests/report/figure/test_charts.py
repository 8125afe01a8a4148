"""Small charts: where a step stands, lines that break where nothing is known, no lost spike, round numbers."""

import itertools

import numpy as np
import pytest
from support.made_records import made_series

from gradstudy.records import MemberRecord
from gradstudy.report.figure.charts import (
    MOST_POINTS,
    Across,
    SeedCurve,
    chart_panel,
    decade_word,
    number_ticks,
    seed_curve,
    seed_curves,
    whole_ticks,
)

NAN = np.nan


def curve(*middle, low=None, high=None, in_decades=True):
    numbers = np.array(middle, dtype=float)
    ends = (np.array(numbers if one is None else one, dtype=float) for one in (low, high))
    return SeedCurve(np.arange(len(numbers)), numbers, *ends, in_decades)


def panel(one, limits=None, cut=False, merge=True, **others):
    across = Across(left=100.0, width=80.0, steps=one.steps)
    return chart_panel({"": one, **others}, across, top=10.0, height=20.0, limits=limits, cut=cut, merge=merge)


def test_a_step_stands_in_the_middle_of_its_field():
    across = Across(left=100.0, width=80.0, steps=np.array([10, 11, 12, 13]))
    assert [across.of(step) for step in (10, 11, 13)] == [110.0, 130.0, 170.0]
    assert Across(100.0, 80.0, np.array([5])).of(5) == 140.0


def test_a_line_goes_from_the_bottom_decade_to_the_top_one():
    assert panel(curve(-1.0, 0.0, 1.0))["curves"][0]["line"] == "M113.3,30.0 140.0,20.0 166.7,10.0"


def test_a_line_breaks_where_a_point_is_unknown_and_a_lone_point_is_a_dot():
    drawn = panel(curve(0.0, 0.0, NAN, 1.0))["curves"][0]
    assert drawn["line"].count("M") == 1
    assert drawn["dots"] == "M170.0,10.0h0"


def test_a_band_goes_along_the_high_end_and_back_along_the_low_one():
    drawn = panel(curve(0.5, 0.5, low=[0.0, 0.0], high=[1.0, 1.0]))["curves"][0]
    assert drawn["band"] == "M120.0,10.0 160.0,10.0 160.0,30.0 120.0,30.0Z"


def test_ticks_are_amplitudes_at_whole_decades_or_round_numbers():
    found = panel(curve(-3.0, 0.0))["ticks"]
    assert next((tick.at, tick.text) for tick in found) == (30.0, "1e-03")
    assert found[-1].text == "1"
    plain = panel(curve(-1.0, 1.0, in_decades=False))["ticks"]
    assert "0" in [tick.text for tick in plain]


def test_within_given_limits_what_lies_beyond_is_at_the_edge():
    found = panel(curve(-9.0, 0.0, 9.0), limits=(-1.0, 1.0))
    assert found["curves"][0]["line"] == "M113.3,30.0 140.0,20.0 166.7,10.0"
    assert [tick.text for tick in found["ticks"]] == ["0.1", "1", "10"]


def test_a_line_that_is_to_be_cut_off_goes_on_beyond_the_limits():
    assert panel(curve(0.0, -4.0), limits=(-2.0, 0.0), cut=True)["curves"][0]["line"] == "M120.0,10.0 160.0,50.0"


def test_what_is_the_same_picture_is_drawn_once():
    found = panel(curve(0.0, 1.0), after=curve(0.0, 1.0))
    assert len(found["curves"]) == 1
    assert found["is_one_picture"]
    both = panel(curve(0.0, 1.0), after=curve(0.0, 0.0))
    assert [one["label"] for one in both["curves"]] == ["", "after"]
    assert both["is_labelled"]
    assert not both["is_one_picture"]


def test_what_must_not_merge_is_drawn_and_named_also_where_it_is_the_same_picture():
    found = panel(curve(0.0, 1.0), merge=False, theory=curve(0.0, 1.0))
    assert [one["label"] for one in found["curves"]] == ["", "theory"]
    assert found["is_labelled"]


def test_what_was_never_finite_is_empty_and_still_has_an_axis():
    found = panel(curve(NAN, NAN))
    assert found["is_empty"]
    assert found["curves"][0]["line"] == ""
    assert found["ticks"]
    assert not panel(curve(NAN, 1.0))["is_empty"]


@pytest.mark.parametrize("number", [0.0, -3.0, 5e300])
def test_a_constant_stands_within_the_panel(number):
    drawn = panel(curve(number, number, in_decades=False))["curves"][0]["line"]
    downs = [float(pair.split(",")[1]) for pair in drawn.removeprefix("M").split()]
    assert downs == [20.0, 20.0]


def test_a_curve_is_the_median_in_decades_with_the_lowest_and_highest_seed():
    curve = seed_curve([made_series([1.0, 10.0]), made_series([100.0, 1000.0]), made_series([10.0, 100.0])])
    assert curve.in_decades
    assert curve.steps.tolist() == [0, 1]
    assert curve.middle == pytest.approx([1.0, 2.0])
    assert curve.low == pytest.approx([0.0, 1.0])
    assert curve.high == pytest.approx([2.0, 3.0])


def test_what_goes_below_zero_is_not_in_decades():
    curve = seed_curve([made_series([-1.0, 3.0])])
    assert not curve.in_decades
    assert curve.middle.tolist() == [-1.0, 3.0]


def test_a_step_that_is_not_finite_in_the_median_has_no_point_but_the_band_of_the_others():
    curve = seed_curve([made_series([1.0, np.inf]), made_series([1.0, np.nan]), made_series([1.0, 10.0])])
    assert np.isnan(curve.middle[1])
    assert curve.high[1] == pytest.approx(1.0)
    nothing = seed_curve([made_series([np.inf]), made_series([np.nan])])
    assert np.isnan([nothing.middle, nothing.low, nothing.high]).all()


def test_many_steps_become_few_points_and_no_spike_is_lost():
    values = np.ones(1000)
    values[777] = 1e9
    curve = seed_curve([made_series(values)])
    assert len(curve.steps) == MOST_POINTS
    assert curve.high.max() == pytest.approx(9.0)
    assert curve.steps[0] < 1000 / MOST_POINTS
    assert curve.steps[-1] >= 1000 - 1000 / MOST_POINTS
    assert np.all(np.diff(curve.steps) > 0)


def test_a_number_of_exactly_zero_leaves_a_gap():
    assert np.isnan(seed_curve([made_series([0.0, 1.0])]).middle).tolist() == [True, False]


def test_curves_are_the_same_picture_where_every_number_is():
    one, two = seed_curve([made_series([1.0, np.inf])]), seed_curve([made_series([1.0, np.inf])])
    assert one.same_as(two)
    assert not one.same_as(seed_curve([made_series([1.0, 2.0])]))


def test_a_quantity_that_some_seed_does_not_have_has_no_curve():
    both, one = ({name: made_series([1.0, 10.0]) for name in names} for names in (("loss", "norm"), ("loss",)))
    found = seed_curves([MemberRecord(0, 0, both), MemberRecord(0, 1, one)], {"training": "loss", "size": "norm"})
    assert list(found) == ["training"]
    assert found["training"].middle == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize(("low", "high"), [(0, 199), (0, 1), (-30, 5), (0, 9999), (-1, 0)])
def test_whole_ticks_are_whole_different_and_within(low, high):
    ticks = whole_ticks(low, high, 5)
    assert all(isinstance(tick, int) and low <= tick <= high for tick in ticks)
    assert 2 <= len(set(ticks)) == len(ticks) <= 6


def test_where_there_is_one_number_it_is_the_tick():
    assert whole_ticks(7, 7) == [7]


def test_number_ticks_lie_within_and_are_evenly_apart():
    ticks = number_ticks(-0.83, -0.71)
    assert all(-0.83 <= tick <= -0.71 for tick in ticks)
    gaps = {round(two - one, 6) for one, two in itertools.pairwise(ticks)}
    assert len(gaps) == 1


@pytest.mark.parametrize(("decade", "word"), [(0, "1"), (1, "10"), (-2, "0.01"), (-12, "1e-12"), (20, "1e+20")])
def test_decades_are_written_as_amplitudes(decade, word):
    assert decade_word(decade) == word
