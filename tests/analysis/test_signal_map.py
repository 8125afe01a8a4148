"""The map of a trial: medians over seeds that tell zero, not finite and missing apart."""

import numpy as np
import pytest

from gradstudy.analysis.signal_map import by_seed, decades_of, median_of_seeds, signal_map, spread
from gradstudy.records import MemberRecord, Series

INF, NAN = np.inf, np.nan


def record(signal, *, exact=None, seed=0):
    values = np.array(signal, dtype=float)
    places = tuple(f"layer_{place}" for place in range(values.shape[1]))
    series = {"signal": Series(places, np.arange(len(values)), values)}
    if exact is not None:
        series["signal_float64"] = Series(places, np.array([0]), np.array([exact], dtype=float))
    return MemberRecord(0, seed, series)


def test_a_map_is_the_median_of_the_seeds_in_decades():
    seeds = [record([[1e-4, 1.0], [1e-6, 0.1]]), record([[1e-2, 1.0], [1e-2, 10.0]])]
    found = signal_map(seeds)
    assert found.decades == pytest.approx(np.array([[-3.0, 0.0], [-4.0, 0.0]]))
    assert found.places == ("layer_0", "layer_1")
    assert found.steps.tolist() == [0, 1]


def test_it_goes_as_far_as_the_last_seed_and_a_seed_that_ended_counts_no_more():
    found = signal_map([record([[1.0], [100.0], [1e4]]), record([[1.0], [1e-6]])])
    assert found.decades[:, 0] == pytest.approx([0.0, -2.0, 4.0])


def test_zero_and_not_finite_are_told_apart_and_nan_is_not_finite():
    found = signal_map([record([[0.0, INF, NAN, 1.0]])])
    assert found.decades[0].tolist() == [-INF, INF, INF, 0.0]


def test_where_float32_reads_zero_the_look_in_float64_counts():
    found = signal_map([record([[0.0, 1.0], [0.0, 1.0]], exact=[1e-50, 1.0])])
    assert found.decades[:, 0] == pytest.approx([-50.0, -50.0])


@pytest.mark.parametrize(
    ("seeds", "middle"),
    [
        ([1.0, 2.0, 4.0], 2.0),
        ([1.0, 2.0, NAN], 1.5),
        ([1.0, NAN, NAN], 1.0),
        ([-INF, 1.0, 2.0], 1.0),
        ([-INF, 1.0], -INF),
        ([1.0, INF], INF),
        ([-INF, INF], INF),
        ([1.7e308, 1.7e308], 1.7e308),
        ([INF, INF, 1.0], INF),
    ],
)
def test_the_median_of_seeds_leaves_out_the_missing_and_keeps_what_has_no_size(seeds, middle):
    assert median_of_seeds(np.array(seeds)[:, None])[0] == middle


def test_a_thinned_map_keeps_both_ends_and_takes_whole_columns():
    signal = np.exp(np.arange(7 * 5, dtype=float)).reshape(7, 5)
    whole = signal_map([record(signal)])
    few = whole.thinned(steps=3, places=2)
    assert few.steps.tolist() == [0, 3, 6]
    assert few.places == ("layer_0", "layer_4")
    assert few.decades == pytest.approx(decades_of(signal)[[0, 3, 6]][:, [0, 4]])
    assert whole.thinned(steps=7, places=9).decades is not None
    assert np.array_equal(whole.thinned(steps=7, places=9).decades, whole.decades)


@pytest.mark.parametrize(("count", "most"), [(1, 5), (5, 5), (200, 60), (61, 60)])
def test_spread_indices_are_different_evenly_apart_and_reach_both_ends(count, most):
    found = spread(count, most)
    assert found[0] == 0
    assert found[-1] == count - 1
    assert len(found) == min(count, most)
    gaps = np.diff(found)
    assert not len(gaps) or gaps.max() - gaps.min() <= 1


def test_seeds_are_stacked_by_step_and_padded_with_what_is_missing():
    short, long = (Series(("all",), np.arange(n), np.ones((n, 1))) for n in (1, 3))
    steps, values = by_seed([short, long])
    assert steps.tolist() == [0, 1, 2]
    assert np.isnan(values[:, :, 0]).tolist() == [[False, True, True], [False] * 3]
