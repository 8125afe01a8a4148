"""The map of a trial: first place on top, zero and infinity marked as what they are, the end of a seed visible."""

import numpy as np
import pytest

from gradstudy.notebook.signal_plots import plot_signal

STEADY = [[1e-3, 1.0], [1e-4, 1.0], [1e-5, 10.0]]


def test_a_field_has_the_decades_of_its_place_and_step(axes, make_member, legend):
    plot_signal([make_member(STEADY)], "trial 3", axes)
    (image,) = axes.get_images()
    assert image.get_array().tolist() == [pytest.approx([-3, -4, -5]), pytest.approx([0, 0, 1])]
    left, right, bottom, top = image.get_extent()
    assert (left, right) == (-0.5, 2.5)
    assert (top, bottom) == (-0.5, 1.5), "the first place is on top"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["layer 01", "layer 02"]
    assert axes.get_title() == "trial 3"
    assert legend(axes) == []


def test_the_median_seed_is_drawn(axes, make_member):
    seeds = [make_member(np.array(STEADY) * size, seed=seed) for seed, size in enumerate((1e-9, 1.0, 1e5))]
    (image,) = plot_signal(seeds, "", axes).get_images()
    assert image.get_array()[0].tolist() == pytest.approx([-3, -4, -5])


def test_zero_and_infinity_have_a_colour_a_hatching_and_a_word_of_their_own(axes, make_member, legend):
    plot_signal([make_member([[0.0, 1.0], [np.nan, np.inf]])], "", axes)
    assert legend(axes) == ["exactly 0", "inf or nan"]
    zero, odd = (fields for fields in axes.collections if fields.get_array() is not None)
    assert zero.get_array().count() == 1
    assert odd.get_array().count() == 2
    assert zero.get_hatch() != odd.get_hatch()
    assert axes.get_images()[0].get_array().count() == 1


def test_where_a_seed_diverged_stands_a_dashed_line(axes, make_member, legend):
    seeds = [make_member(STEADY), make_member(STEADY[:2], seed=1, first_bad_step=1)]
    plot_signal(seeds, "", axes)
    assert [list(line.get_xdata()) for line in axes.get_lines()] == [[1, 1]]
    assert legend(axes) == ["a seed diverged"]


def test_two_diverged_seeds_are_named_once(axes, make_member, legend):
    seeds = [make_member(STEADY[:2], seed=seed, first_bad_step=1) for seed in range(2)]
    plot_signal(seeds, "", axes)
    assert legend(axes) == ["a seed diverged"]


@pytest.mark.parametrize("signal", [[[0.0]], [[np.inf]], [[1e300]], [[1e-300, 1e300]]])
def test_the_oddest_map_is_drawn(axes, make_member, signal):
    plot_signal([make_member(signal)], "", axes).figure.draw_without_rendering()
    assert len(axes.get_yticklabels()) == len(signal[0])


def test_of_many_places_some_are_named_the_ends_among_them(axes, make_member):
    plot_signal([make_member(np.ones((2, 50)))], "", axes)
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert len(names) < 12
    assert (names[0], names[-1]) == ("layer 01", "layer 50")
