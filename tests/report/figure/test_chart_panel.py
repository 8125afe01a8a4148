"""A small chart: where a step stands, and lines that break where nothing is known."""

import numpy as np
import pytest

from gradstudy.report.figure.charts import Across, SeedCurve, chart_panel

NAN = np.nan


def curve(*middle, low=None, high=None, in_decades=True):
    numbers = np.array(middle, dtype=float)
    ends = (np.array(numbers if one is None else one, dtype=float) for one in (low, high))
    return SeedCurve(np.arange(len(numbers)), numbers, *ends, in_decades)


def panel(one, limits=None, **others):
    across = Across(left=100.0, width=80.0, steps=one.steps)
    return chart_panel({"": one, **others}, across, top=10.0, height=20.0, limits=limits)


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


def test_what_is_the_same_picture_is_drawn_once():
    found = panel(curve(0.0, 1.0), after=curve(0.0, 1.0))
    assert len(found["curves"]) == 1
    assert found["is_one_picture"]
    both = panel(curve(0.0, 1.0), after=curve(0.0, 0.0))
    assert [one["label"] for one in both["curves"]] == ["", "after"]
    assert both["is_labelled"]
    assert not both["is_one_picture"]


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
