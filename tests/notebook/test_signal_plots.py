"""The signal from place to place and on every step: medians, ranges, theory, and what has no size told apart."""

import numpy as np
import pytest
from support.made_records import made_record

from gradstudy.analysis.theory.prediction import Prediction
from gradstudy.errors import InputError
from gradstudy.notebook.signal_plots import fading_lines, flow_lines, plot_signal

BEFORE, AFTER = [1e-4, 1e-2, 1.0], [1e-1, 1e-1, 1e-1]


def lines(axes):
    return {line.get_label(): np.ma.filled(line.get_ydata(), np.nan).tolist() for line in axes.get_lines()}


def test_first_and_last_step_are_lines_of_decades(axes):
    drawn = lines(flow_lines([made_record([BEFORE, [1, 1, 1], AFTER])], None, axes))
    assert drawn == {"step 0": pytest.approx([-4, -2, 0]), "step 2": pytest.approx([-1, -1, -1])}


def test_without_training_there_is_one_line(axes):
    assert list(lines(flow_lines([made_record([BEFORE])], None, axes))) == ["step 0"]


def test_theory_starts_where_the_last_place_was_measured(axes):
    seeds = [made_record(np.array([BEFORE]) * size, seed=seed) for seed, size in enumerate((10.0, 1.0, 100.0))]
    drawn = lines(flow_lines(seeds, Prediction(np.array([-5.0, -2.5, 0.0]), np.ones(3)), axes))
    assert drawn["step 0"] == pytest.approx([-3, -1, 1])
    assert drawn["theory, step 0"] == pytest.approx([-4, -1.5, 1])


def test_a_band_goes_from_the_lowest_seed_to_the_highest(axes):
    seeds = [made_record(np.array([BEFORE]) * size, seed=seed) for seed, size in enumerate((10.0, 1.0, 100.0))]
    flow_lines(seeds, None, axes)
    (band,) = axes.collections
    corners = band.get_paths()[0].vertices
    assert corners[corners[:, 0] == 0][:, 1].min() == pytest.approx(-4)
    assert corners[corners[:, 0] == 0][:, 1].max() == pytest.approx(-2)


def test_of_the_last_step_only_those_speak_that_reached_it(axes):
    seeds = [made_record([BEFORE, AFTER]), made_record([BEFORE], seed=1, first_bad_step=0)]
    assert lines(flow_lines(seeds, None, axes))["step 1"] == pytest.approx([-1, -1, -1])


@pytest.mark.parametrize("gone", [0.0, np.inf, np.nan])
def test_a_line_breaks_where_there_is_no_amplitude(axes, gone):
    drawn = lines(flow_lines([made_record([[gone, 1e-2, 1.0]])], None, axes))
    assert drawn == {"step 0 (gaps: 0, inf or nan)": pytest.approx([np.nan, -2, 0], nan_ok=True)}
    axes.figure.draw_without_rendering()


def test_the_steps_are_told_apart_by_their_markers_too(axes):
    flow_lines([made_record([BEFORE, AFTER])], None, axes)
    assert len({line.get_marker() for line in axes.get_lines()}) == 2


def faded(**shares):
    """A member with these shares [look, distance] by quantity, at steps 0 and 1."""
    seen = {
        name: {f"distance_{d:03d}": c for d, c in enumerate(zip(*own, strict=True), 1)} for name, own in shares.items()
    }
    return made_record(np.ones((2, 3)), looks=(0, 1), seen=seen)


def test_what_is_left_by_distance_begins_with_all_at_the_answer_itself(axes):
    record = faded(signal_by_distance=[[0.1, 0.01], [0.5, 0.25]])
    drawn = lines(fading_lines([record], np.array([0.0, -2.0, -4.0]), axes))
    assert drawn == {
        "step 0": pytest.approx([0, -1, -2]),
        "step 1": pytest.approx([0, np.log10(0.5), np.log10(0.25)]),
        "theory, step 0": pytest.approx([0, -2, -4]),
    }


def test_a_cell_state_has_a_line_style_of_its_own(axes):
    shares = [[0.1], [0.1]]
    fading_lines([faded(signal_by_distance=shares, cell_signal_by_distance=shares)], None, axes)
    found = {line.get_label(): line.get_linestyle() for line in axes.get_lines()}
    assert found == {
        "step 0, hidden state": "-", "step 1, hidden state": "-", "step 0, cell state": ":", "step 1, cell state": ":"
    }  # fmt: skip


def test_where_nobody_looked_by_distance_it_says_where_that_is_done(axes):
    with pytest.raises(InputError, match="copy_memory"):
        fading_lines([made_record(STEADY)], None, axes)


STEADY = [[1e-3, 1.0], [1e-4, 1.0], [1e-5, 10.0]]


def test_a_field_has_the_decades_of_its_place_and_step(axes, legend):
    plot_signal([made_record(STEADY)], "trial 3", axes)
    (image,) = axes.get_images()
    assert image.get_array().tolist() == [pytest.approx([-3, -4, -5]), pytest.approx([0, 0, 1])]
    left, right, bottom, top = image.get_extent()
    assert (left, right) == (-0.5, 2.5)
    assert (top, bottom) == (-0.5, 1.5), "the first place is on top"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["layer 01", "layer 02"]
    assert axes.get_title() == "trial 3"
    assert legend(axes) == []


def test_the_median_seed_is_drawn(axes):
    seeds = [made_record(np.array(STEADY) * size, seed=seed) for seed, size in enumerate((1e-9, 1.0, 1e5))]
    (image,) = plot_signal(seeds, "", axes).get_images()
    assert image.get_array()[0].tolist() == pytest.approx([-3, -4, -5])


def test_zero_and_infinity_have_a_colour_a_hatching_and_a_word_of_their_own(axes, legend):
    plot_signal([made_record([[0.0, 1.0], [np.nan, np.inf]])], "", axes)
    assert legend(axes) == ["exactly 0", "inf or nan"]
    zero, odd = (fields for fields in axes.collections if fields.get_array() is not None)
    assert zero.get_array().count() == 1
    assert odd.get_array().count() == 2
    assert zero.get_hatch() != odd.get_hatch()
    assert axes.get_images()[0].get_array().count() == 1


def test_where_a_seed_diverged_stands_a_dashed_line(axes, legend):
    seeds = [made_record(STEADY), made_record(STEADY[:2], seed=1, first_bad_step=1)]
    plot_signal(seeds, "", axes)
    assert [list(line.get_xdata()) for line in axes.get_lines()] == [[1, 1]]
    assert legend(axes) == ["a seed diverged"]


def test_two_diverged_seeds_are_named_once(axes, legend):
    seeds = [made_record(STEADY[:2], seed=seed, first_bad_step=1) for seed in range(2)]
    plot_signal(seeds, "", axes)
    assert legend(axes) == ["a seed diverged"]


@pytest.mark.parametrize("signal", [[[0.0]], [[np.inf]], [[1e300]], [[1e-300, 1e300]]])
def test_the_oddest_map_is_drawn(axes, signal):
    plot_signal([made_record(signal)], "", axes).figure.draw_without_rendering()
    assert len(axes.get_yticklabels()) == len(signal[0])


def test_of_many_places_some_are_named_the_ends_among_them(axes):
    plot_signal([made_record(np.ones((2, 50)))], "", axes)
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert len(names) < 12
    assert (names[0], names[-1]) == ("layer 01", "layer 50")
