"""What stands at an axis: few and round numbers."""

import itertools

import pytest

from gradstudy.report.figure.charts import decade_word, number_ticks, whole_ticks


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
