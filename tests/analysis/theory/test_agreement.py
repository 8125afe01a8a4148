"""Prediction beside measurement: numbers by algebra, and a picture that one dead network does not spoil."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from gradstudy.analysis.theory.agreement import agreement
from gradstudy.errors import InputError
from gradstudy.series import CEILING, FLOOR

SCATTER = np.array([-0.5, 0.0, 0.5])


def members(predicted, measured, scatter=SCATTER):
    """One row per trial and seed: each trial's measured gain, and a scatter over seeds whose mean is 0."""
    trials = pd.DataFrame({"trial": range(len(predicted)), "gain_init_theory": np.array(predicted, dtype=float)})
    rows = trials.loc[trials.index.repeat(len(scatter))].reset_index(drop=True)
    gains = np.array(measured, dtype=float)[:, None] + scatter
    return rows.assign(seed=np.tile(range(len(scatter)), len(predicted)), gain_init=gains.ravel())


def axes_of(found):
    axes = Figure().subplots()
    assert found.plot(axes) is axes
    return axes


def dots(axes):
    """Where do the trials stand, the crosses among them?"""
    lines = {line.get_label(): line for line in axes.get_lines()}
    marked = [line for line in lines.values() if line.get_marker() in ("o", "x")]
    return {line.get_marker(): np.transpose(line.get_data()).tolist() for line in marked}


def test_a_perfect_prediction_has_an_r2_of_1_and_no_error():
    found = agreement(members([-4.0, -1.0, 2.0], [-4.0, -1.0, 2.0]))
    assert found.r2 == pytest.approx(1.0, abs=1e-12)
    assert found.rmse == pytest.approx(0.0, abs=1e-12)
    assert (found.predicted, found.silent, found.beyond) == (3, 0, 0)


def test_an_offset_is_an_error_although_a_line_would_fit():
    """Measured -4, -1, 2 has a variance of 6; off by 1 everywhere leaves 1 - 1/6."""
    found = agreement(members([-5.0, -2.0, 1.0], [-4.0, -1.0, 2.0]))
    assert found.rmse == pytest.approx(1.0)
    assert found.r2 == pytest.approx(1 - 1 / 6)


def test_a_prediction_that_is_worse_than_the_mean_has_an_r2_below_0():
    assert agreement(members([2.0, -4.0], [-4.0, 2.0])).r2 == pytest.approx(1 - 36 / 9)


def test_the_table_has_the_mean_and_the_ends_of_the_seeds():
    table = agreement(members([1.0, 2.0], [1.5, 3.0])).table
    assert table.columns.tolist() == ["trial", "predicted", "measured", "lowest", "highest", "in_range"]
    assert table.to_numpy().tolist() == [[0, 1.0, 1.5, 1.0, 2.0, True], [1, 2.0, 3.0, 2.5, 3.5, True]]


def test_trials_of_which_theory_says_nothing_are_counted_and_left_out():
    found = agreement(members([np.nan, -2.0, np.nan, 1.0], [9.0, -2.0, 9.0, 1.0]))
    assert (found.predicted, found.silent) == (2, 2)
    assert found.table["trial"].tolist() == [1, 3]
    assert found.rmse == pytest.approx(0.0, abs=1e-12)
    assert "2 of 4 trials" in found.note


def test_one_row_per_trial_will_do():
    trials = pd.DataFrame({"trial": [0, 1], "gain_init": [1.0, 3.0], "gain_init_theory": [1.0, 2.0]})
    assert agreement(trials).rmse == pytest.approx(0.5**0.5)


def test_where_theory_says_nothing_at_all_there_is_nothing_to_compare():
    silent = members([np.nan, np.nan], [1.0, 2.0])
    for nothing in (silent, silent.iloc[:0]):
        with pytest.raises(InputError, match="got none in"):
            agreement(nothing)


def test_a_study_from_before_there_was_theory_is_said_to_be_one():
    older = members([np.nan], [1.0]).drop(columns="gain_init_theory")
    with pytest.raises(InputError, match="stored before"):
        agreement(older)


def test_a_gain_without_a_size_is_counted_and_spoils_no_number():
    """A dead seed, a seed that blew up, a dead trial that theory foresaw; the other two are off by 1."""
    measured = members([-4.0, 0.0, -3.0, -3.0, FLOOR], [-3.0, 1.0, -3.0, -3.0, FLOOR])
    measured.loc[measured.index[6], "gain_init"] = FLOOR
    measured.loc[measured.index[9], "gain_init"] = CEILING
    measured.loc[measured["trial"] == 4, "gain_init"] = FLOOR
    found = agreement(measured)
    assert (found.predicted, found.beyond) == (5, 3)
    assert found.table["in_range"].tolist() == [True, True, False, False, False]
    assert found.rmse == pytest.approx(1.0)
    assert found.r2 == pytest.approx(1 - 1 / 4)
    axes = axes_of(found)
    assert -6 < axes.get_xlim()[0] < axes.get_xlim()[1] < 3
    assert axes.get_xlim() == axes.get_ylim()
    assert len(dots(axes)["x"]) == 3
    assert dots(axes)["x"][2] == [axes.get_xlim()[0]] * 2


@pytest.mark.parametrize("predicted", [[FLOOR, FLOOR], [np.inf, -np.inf]])
def test_with_every_gain_out_of_range_there_is_a_picture_and_no_number(predicted):
    found = agreement(members(predicted, [FLOOR, FLOOR], scatter=np.zeros(2)))
    assert np.isnan(found.r2)
    assert np.isnan(found.rmse)
    assert "nan" not in found.note
    assert len(dots(axes_of(found))["x"]) == 2


def test_one_trial_has_an_error_and_no_r2():
    found = agreement(members([1.0], [3.0]))
    assert found.rmse == pytest.approx(2.0)
    assert np.isnan(found.r2)
    assert found.note == "Theory predicts gain_init for 1 of 1 trials, off by 2.00 decades (RMS)."


def test_the_plot_shows_trials_over_their_prediction_with_the_line_on_which_theory_is_right():
    axes = axes_of(agreement(members([1.0, 2.0, np.nan], [1.5, 3.0, 0.0])))
    assert dots(axes) == {"o": [[1.0, 1.5], [2.0, 3.0]]}
    x, y = axes.get_lines()[0].get_data()
    assert list(x) == list(y) == list(axes.get_xlim())
    bars = axes.collections[0].get_segments()
    assert [bar.tolist() for bar in bars] == [[[1.0, 1.0], [1.0, 2.0]], [[2.0, 2.5], [2.0, 3.5]]]
    assert "decades" in axes.get_xlabel()
    assert "decades" in axes.get_ylabel()


def test_a_notebook_shows_the_note_and_the_trials():
    page = agreement(members([1.0, 2.0], [1.5, 3.0]))._repr_html_()
    assert "2 of 2 trials" in page
    assert "<table" in page


def test_gains_that_differ_by_rounding_have_no_r2():
    """Twelve trials of one network: whatever is predicted, the variance below the ratio is that of float32."""
    found = agreement(members([-4.0] * 12, -1.0 + 1e-8 * np.arange(12), scatter=np.zeros(2)))
    assert np.isnan(found.r2)
    assert found.rmse == pytest.approx(3.0, abs=1e-6)
    assert "R2" not in found.note
