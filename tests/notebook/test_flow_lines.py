"""The signal from place to place: medians, seeds' range, theory where it was measured, and gaps where there is none."""

import numpy as np
import pytest

from gradstudy.analysis.theory.prediction import Prediction
from gradstudy.notebook.signal_plots import flow_lines

BEFORE, AFTER = [1e-4, 1e-2, 1.0], [1e-1, 1e-1, 1e-1]


def lines(axes):
    return {line.get_label(): np.ma.filled(line.get_ydata(), np.nan).tolist() for line in axes.get_lines()}


def test_first_and_last_step_are_lines_of_decades(axes, make_member):
    drawn = lines(flow_lines([make_member([BEFORE, [1, 1, 1], AFTER])], None, axes))
    assert drawn == {"step 0": pytest.approx([-4, -2, 0]), "step 2": pytest.approx([-1, -1, -1])}


def test_without_training_there_is_one_line(axes, make_member):
    assert list(lines(flow_lines([make_member([BEFORE])], None, axes))) == ["step 0"]


def test_theory_starts_where_the_last_place_was_measured(axes, make_member):
    seeds = [make_member(np.array([BEFORE]) * size, seed=seed) for seed, size in enumerate((10.0, 1.0, 100.0))]
    drawn = lines(flow_lines(seeds, Prediction(np.array([-5.0, -2.5, 0.0]), np.ones(3)), axes))
    assert drawn["step 0"] == pytest.approx([-3, -1, 1])
    assert drawn["theory, step 0"] == pytest.approx([-4, -1.5, 1])


def test_a_band_goes_from_the_lowest_seed_to_the_highest(axes, make_member):
    seeds = [make_member(np.array([BEFORE]) * size, seed=seed) for seed, size in enumerate((10.0, 1.0, 100.0))]
    flow_lines(seeds, None, axes)
    (band,) = axes.collections
    corners = band.get_paths()[0].vertices
    assert corners[corners[:, 0] == 0][:, 1].min() == pytest.approx(-4)
    assert corners[corners[:, 0] == 0][:, 1].max() == pytest.approx(-2)


def test_of_the_last_step_only_those_speak_that_reached_it(axes, make_member):
    seeds = [make_member([BEFORE, AFTER]), make_member([BEFORE], seed=1, first_bad_step=0)]
    assert lines(flow_lines(seeds, None, axes))["step 1"] == pytest.approx([-1, -1, -1])


@pytest.mark.parametrize("gone", [0.0, np.inf, np.nan])
def test_a_line_breaks_where_there_is_no_amplitude(axes, make_member, gone):
    drawn = lines(flow_lines([make_member([[gone, 1e-2, 1.0]])], None, axes))
    assert drawn == {"step 0 (gaps: 0, inf or nan)": pytest.approx([np.nan, -2, 0], nan_ok=True)}
    axes.figure.draw_without_rendering()


def test_the_steps_are_told_apart_by_their_markers_too(axes, make_member):
    flow_lines([make_member([BEFORE, AFTER])], None, axes)
    assert len({line.get_marker() for line in axes.get_lines()}) == 2
