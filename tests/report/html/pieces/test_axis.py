import numpy as np
import pytest

from gradstudy.records import Factor
from gradstudy.report.html.pieces.axis import Axis, axis_of, factor_ticks


def test_an_axis_is_linear_and_ends_at_its_ends():
    axis = Axis(-2.0, 6.0)
    assert [axis.place(number) for number in (-9.0, -2.0, 0.0, 6.0, 7.0)] == [0.0, 0.0, 25.0, 100.0, 100.0]


@pytest.mark.parametrize("values", [[0.0, 10.0], [3.0], [0.0, 0.0], [-1e-9, 1e-9], [5e8, 5e8]])
def test_every_value_lies_inside_of_its_axis(values):
    places = axis_of(np.array(values)).places(np.array(values))
    assert (places > 0.0).all()
    assert (places < 100.0).all()


def test_ticks_stand_at_their_numbers():
    assert Axis(0.0, 0.8).ticks == [("0", 0.0), ("0.2", 25.0), ("0.4", 50.0), ("0.6", 75.0), ("0.8", 100.0)]


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (
            Factor("lr", low=1e-4, high=1e-1, log=True),
            [("0.0001", 0.0), ("0.001", 33.33), ("0.01", 66.67), ("0.1", 100.0)],
        ),
        (Factor("gain", low=0.0, high=5.0), [(str(n), 20.0 * n) for n in range(6)]),
        # a whole number n owns the piece [n, n + 1): five of them share the range
        (Factor("depth", low=1, high=5, integer=True), [(str(n), 20.0 * n - 10) for n in range(1, 6)]),
    ],
)
def test_the_ticks_of_a_factor_stand_evenly_on_its_own_scale(factor, expected):
    assert factor_ticks(factor) == expected


@pytest.mark.parametrize(("low", "high"), [(1e-30, 1e30), (1.1, 1.9), (0.3, 30.0), (2.0, 4.0), (1e-3, 1.0)])
def test_a_logarithmic_range_has_a_few_ticks_within_it(low, high):
    ticks = factor_ticks(Factor("x", low=low, high=high, log=True))
    assert 2 <= len(ticks) <= 8
    assert all(low * 0.999 <= float(words) <= high * 1.001 for words, _ in ticks)
