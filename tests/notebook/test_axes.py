"""Pictures for whoever looks, and pictures in files that nobody is shown."""

import io
import logging
import os
import subprocess
import sys
from unittest.mock import Mock

import numpy as np
import pytest
from matplotlib import pyplot

from gradstudy.notebook.axes import MOST_LETTERS, axes_or_new, jitter, letters, named, png, power


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


def test_fonts_of_a_new_machine_are_listed_without_a_word_where_others_are_logged(tmp_path):
    script = (
        "import logging, sys\n"
        "logging.basicConfig(level=logging.INFO)\n"
        "from gradstudy.notebook.axes import png\n"
        "assert 'matplotlib.font_manager' not in sys.modules\n"
        "png(lambda axes: None)\n"
        "logging.getLogger('matplotlib.font_manager').info('asked for')\n"
    )
    environment = {**os.environ, "MPLCONFIGDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert list(tmp_path.glob("fontlist*"))
    assert (done.stdout, done.stderr) == ("", "INFO:matplotlib.font_manager:asked for\n")


def test_the_level_of_the_log_is_a_persons_own_once_fonts_are_listed(monkeypatch):
    log = logging.getLogger("matplotlib.font_manager")
    monkeypatch.setattr(log, "setLevel", Mock())
    png(diagonal)
    log.setLevel.assert_not_called()


def test_axes_that_are_given_are_drawn_on_and_others_are_shown_by_pyplot():
    given = object()
    assert axes_or_new(given) is given
    axes = axes_or_new(None, (3, 2))
    assert axes.figure.number in pyplot.get_fignums()
    assert axes.figure.get_size_inches() == pytest.approx([3, 2])
    pyplot.close(axes.figure)


def test_equal_values_are_spread_evenly_over_the_strip():
    places = np.sort(jitter(np.full(50, 10.0)))
    assert places[0] >= 0.0
    assert places[-1] < 1.0
    assert np.diff(places).max() < 3 / 50


def test_neighbouring_values_lie_apart():
    values = np.random.default_rng(0).permutation(40)
    places = jitter(values)[np.argsort(values)]
    assert np.abs(np.diff(places)).min() > 1 / 4


@pytest.mark.parametrize(
    ("decades", "written"),
    [(-5.0, "1e-05"), (0.0, "1e+00"), (300, "1e+300"), (-0.5, "3.2e-01"), (0.301, "2.0e+00"), (312.5, "3.2e+312")],
)
def test_decades_are_read_as_the_numbers_themselves(decades, written):
    assert power(decades) == written


def test_a_name_in_a_picture_is_no_formula_and_has_one_line():
    assert letters("$\\frac{$") == "\\$\\frac{\\$"
    assert letters("two\nlines") == "two lines"


def test_a_long_name_is_cut_and_says_so():
    cut = letters("n" * 60)
    assert len(cut) == MOST_LETTERS
    assert cut.endswith("…")
    assert letters("n" * MOST_LETTERS) == "n" * MOST_LETTERS


def test_few_places_are_all_named():
    assert named(["layer_01", "layer_02"]) == ([0, 1], ["layer 01", "layer 02"])
