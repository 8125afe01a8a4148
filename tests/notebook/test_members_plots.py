"""What a factor's levels do, trial by trial, and which verdicts they get: every trial where it belongs."""

import numpy as np
import pandas as pd
import pytest

from gradstudy.errors import InputError
from gradstudy.notebook.members_plots import plot_levels, plot_verdicts
from gradstudy.records import DUMMY, Factor

FACTORS = (Factor("activation", ("tanh", "$relu$")), Factor("lr.value", low=0.001, high=1.0, log=True), DUMMY)
TRIALS = pd.DataFrame(
    {
        "trial": range(6),
        "activation": ["tanh", "tanh", "tanh", "$relu$", "$relu$", "$relu$"],
        "lr.value": [0.002, 0.005, np.nan, 0.05, 0.2, 0.5],
        "dummy": np.linspace(0.05, 0.95, 6),
    }
)
VERDICTS = [["healthy"] * 2] * 4 + [["healthy", "diverged"], ["diverged"] * 2]


@pytest.fixture
def members():
    """Two seeds, of which the second one is 2 decades worse."""
    seeds = TRIALS.loc[TRIALS.index.repeat(2)].reset_index(drop=True)
    values = np.arange(6.0)[:, None] + [0.0, 2.0]
    bad = [[np.nan] * 2] * 4 + [[np.nan, 3.0], [5.0, 7.0]]
    return seeds.assign(
        seed=[0, 1] * 6,
        vanishing=values.ravel(),
        verdict=np.ravel(VERDICTS),
        outcome="untrained",
        first_bad_step=np.ravel(bad),
    )


def points(axes):
    return {group.get_label(): group.get_offsets() for group in axes.collections}


def means(axes):
    return [pytest.approx(line.get_ydata()[0]) for line in axes.get_lines()]


def test_a_trial_stands_at_its_level_at_the_mean_of_its_seeds(axes, members):
    drawn = points(plot_levels(members, FACTORS, "activation", "vanishing", steps=9, axes=axes))
    assert {name: [round(x) for x, _ in group] for name, group in drawn.items()} == {
        "no seed diverged": [0, 0, 0, 1],
        "some seeds diverged": [1],
        "every seed diverged": [1],
    }
    assert [y for _, y in drawn["no seed diverged"]] == [1.0, 2.0, 3.0, 4.0]
    assert means(axes) == [2.0, 5.0]
    assert axes.get_ylabel() == "vanishing (decades)"


def test_points_of_a_level_stand_side_by_side_and_away_from_the_next(axes, members):
    drawn = points(plot_levels(members, FACTORS, "activation", "vanishing", steps=9, axes=axes))
    across = [x for x, _ in drawn["no seed diverged"]][:3]
    assert len(set(across)) == 3
    assert max(map(abs, across)) < 0.5


def test_a_diverged_member_is_drawn_as_a_square(axes, members):
    plot_levels(members, FACTORS, "activation", "vanishing", steps=9, axes=axes)
    corners = {group.get_label(): len(group.get_paths()[0].vertices) for group in axes.collections}
    assert corners["some seeds diverged"] == corners["every seed diverged"] == 5
    assert corners["no seed diverged"] > 5
    filled = {group.get_label(): len(group.get_facecolor()) > 0 for group in axes.collections}
    assert filled == {"no seed diverged": True, "some seeds diverged": False, "every seed diverged": True}


def test_a_number_is_an_axis_with_its_own_scale_and_a_mean_per_third(axes, members):
    drawn = points(plot_levels(members, FACTORS, "lr.value", "vanishing", steps=9, axes=axes))
    assert [x for x, _ in drawn["no seed diverged"]] == pytest.approx([0.002, 0.005, 0.05])
    assert axes.get_xscale() == "log"
    assert means(axes) == [1.5, 4.0, 5.5]


def test_a_time_to_divergence_is_told_in_steps(axes, members):
    drawn = points(plot_levels(members, FACTORS, "activation", "time_to_divergence", steps=9, axes=axes))
    assert [y for _, y in drawn["no seed diverged"]] == [9.0] * 4
    assert [y for _, y in drawn["some seeds diverged"]] == [6.0]
    assert [y for _, y in drawn["every seed diverged"]] == [6.0]
    assert axes.get_ylabel() == "time_to_divergence (steps)"


def test_a_level_is_named_letter_by_letter_with_its_count(axes, members):
    plot_levels(members, FACTORS, "activation", "vanishing", steps=9, axes=axes).figure.draw_without_rendering()
    assert [label.get_text() for label in axes.get_xticklabels()] == ["tanh\n(n=3)", r"\$relu\$" + "\n(n=3)"]


def test_an_unknown_factor_is_refused_with_the_nearest_one(axes, members):
    with pytest.raises(InputError, match=r"got 'activations'. Did you mean 'activation'\?"):
        plot_levels(members, FACTORS, "activations", "vanishing", steps=9, axes=axes)


def test_a_factor_that_lives_nowhere_has_nothing_to_plot(axes, members):
    with pytest.raises(InputError, match=r"lr\.value lives in none of the 6 trials"):
        plot_levels(members.assign(**{"lr.value": np.nan}), FACTORS, "lr.value", "vanishing", steps=9, axes=axes)


def bars(axes):
    """Per verdict: where does its part of each bar begin, and how long is it?"""
    return {one.get_label(): [(round(p.get_x(), 3), round(p.get_width(), 3)) for p in one] for one in axes.containers}


def test_a_bar_is_made_of_the_shares_of_the_verdicts(axes, members):
    drawn = bars(plot_verdicts(members, FACTORS, "activation", axes))
    assert list(drawn) == ["healthy", "vanishing", "exploding", "diverged"]
    assert drawn["healthy"] == [(0.0, 1.0), (0.0, 0.5)]
    assert drawn["diverged"] == [(1.0, 0.0), (0.5, 0.5)]
    words = [text.get_text() for text in axes.texts if text.get_text()]
    assert words == ["6", "3", "3"]


def test_all_members_are_one_bar(axes, members):
    assert bars(plot_verdicts(members, FACTORS, axes=axes))["diverged"] == [(0.75, 0.25)]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["all members\n(n=12)"]


def test_where_a_factor_does_not_live_is_a_bar_of_its_own(axes, members):
    plot_verdicts(members, FACTORS, "lr.value", axes)
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["0.001 to 0.01\n(n=4)", "0.01 to 0.1\n(n=2)", "0.1 to 1\n(n=4)", "elsewhere\n(n=2)"]
