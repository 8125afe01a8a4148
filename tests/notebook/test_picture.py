"""Pictures for whoever looks, and pictures in files that nobody is shown."""

import io

import numpy as np
import pytest
from matplotlib import pyplot

from gradstudy.notebook.axes import axes_or_new, png


def diagonal(axes):
    axes.plot([0, 1], [0, 1])


def test_a_picture_in_a_file_has_the_size_that_was_asked_for_and_shows_what_was_drawn():
    blank, drawn = (pyplot.imread(io.BytesIO(png(draw, (3, 2)))) for draw in (lambda axes: None, diagonal))
    assert blank.shape == drawn.shape == (200, 300, 4)
    assert not np.array_equal(blank, drawn)


def test_a_picture_in_a_file_leaves_no_trace_in_pyplot():
    before = pyplot.get_fignums()
    assert png(diagonal).startswith(b"\x89PNG\r\n")
    assert pyplot.get_fignums() == before


def test_axes_that_are_given_are_drawn_on_and_others_are_shown_by_pyplot():
    given = object()
    assert axes_or_new(given) is given
    axes = axes_or_new(None, (3, 2))
    assert axes.figure.number in pyplot.get_fignums()
    assert axes.figure.get_size_inches() == pytest.approx([3, 2])
    pyplot.close(axes.figure)
