"""The forest plot: shares where they are, intervals as long as they are, and what is proven told apart by shape."""

import pandas as pd
import pytest

from gradstudy.notebook.ranking_plots import forest_plot

TABLE = pd.DataFrame(
    {
        "factor": ["init", "lr.value", "$x$", "dummy", "absent"],
        "share": [0.6, 0.3, 0.1, 0.02, float("nan")],
        "share_low": [0.5, 0.1, 0.0, 0.0, float("nan")],
        "share_high": [0.7, 0.35, 0.2, 0.08, float("nan")],
        "verdict": ["evidence", "evidence", "no evidence", "noise floor", "not ranked"],
        "conditional": [False, True, False, False, False],
    }
)


def points(axes):
    """By label: where the points stand (share, line) and how far their intervals reach."""
    found = {}
    for bars in axes.containers:
        line, _, (segments,) = bars.lines
        spans = [tuple(x for x, _ in segment) for segment in segments.get_segments()]
        found[bars.get_label()] = (list(zip(*line.get_data(), strict=True)), spans)
    return found


def test_every_share_stands_on_its_line_with_its_interval(axes):
    drawn = points(forest_plot(TABLE, 0.08, axes))
    assert drawn["evidence"] == ([(0.6, 0), (0.3, 1)], [pytest.approx((0.5, 0.7)), pytest.approx((0.1, 0.35))])
    assert drawn["not proven"] == ([(0.1, 2), (0.02, 3)], [pytest.approx((0.0, 0.2)), pytest.approx((0.0, 0.08))])


def test_the_largest_share_is_on_top_and_what_lives_in_some_trials_has_a_star(axes):
    forest_plot(TABLE, 0.08, axes)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["init", "lr.value*", r"\$x\$", "dummy"]
    bottom, top = axes.get_ylim()
    assert (top, bottom) == (-0.5, 3.5)


def test_the_noise_floor_is_a_dashed_line_of_its_own(axes, legend):
    forest_plot(TABLE, 0.08, axes)
    (floor,) = (line for line in axes.get_lines() if line.get_label() == "noise floor (dummy)")
    assert list(floor.get_xdata()) == [0.08, 0.08]
    assert floor.get_linestyle() == "--"
    assert set(legend(axes)) == {"evidence", "not proven", "noise floor (dummy)"}


def test_what_is_proven_is_told_apart_by_more_than_its_colour(axes):
    forest_plot(TABLE, 0.08, axes)
    fills = {bars.get_label(): bars.lines[0].get_markerfacecolor() for bars in axes.containers}
    assert fills["not proven"] == "none"
    assert fills["evidence"] != "none"


def test_without_a_dummy_there_is_no_floor(axes, legend):
    forest_plot(TABLE[TABLE["factor"] != "dummy"], float("nan"), axes)
    assert set(legend(axes)) == {"evidence", "not proven"}


def test_a_mean_of_draws_outside_of_their_interval_is_drawn_too(axes):
    skewed = TABLE.head(1).assign(share=0.75)
    assert points(forest_plot(skewed, 0.08, axes))["evidence"] == ([(0.75, 0)], [pytest.approx((0.5, 0.75))])
