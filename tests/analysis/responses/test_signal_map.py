"""The map of a trial: medians over seeds that tell zero, not finite and missing apart."""

import numpy as np
import pytest

from gradstudy.analysis.responses.signal_map import decades_of, signal_map
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


def test_where_every_step_has_an_answer_the_map_is_of_the_last_one_at_the_last_look_before():
    followed = record(np.ones((4, 2)))
    followed.series["far_signal"] = Series(("layer_0", "layer_1"), np.array([0, 2]), np.array([[1e-9, 1], [1e-3, 1]]))
    found = signal_map([followed])
    assert found.decades[:, 0] == pytest.approx([-9, -9, -3, -3])
    assert found.far
    assert found.thinned(steps=2, places=1).far
    assert not signal_map([record(np.ones((4, 2)))]).far


def test_a_thinned_map_keeps_both_ends_of_the_network_and_whole_steps():
    signal = np.exp(np.arange(6 * 5, dtype=float)).reshape(6, 5)
    whole = signal_map([record(signal)])
    few = whole.thinned(steps=3, places=2)
    assert few.places == ("layer_0", "layer_4")
    # the median lies between steps 2 and 3: of each pair the step further from it, of the middle pair the first
    assert few.steps.tolist() == [0, 2, 5]
    assert few.decades == pytest.approx(decades_of(signal)[[0, 2, 5]][:, [0, 4]])
    assert np.array_equal(whole.thinned(steps=7, places=9).decades, whole.decades)


@pytest.mark.parametrize("spike", [1e9, 1e-9, 0.0, INF])
@pytest.mark.parametrize("place", [0, 1])
def test_a_thinned_map_loses_no_spike_wherever_it_is(spike, place):
    for step in range(20):
        signal = np.ones((20, 2))
        signal[step, place] = spike
        few = signal_map([record(signal)]).thinned(steps=3, places=2)
        assert len(few.steps) == 3
        assert step in few.steps


def test_what_is_never_finite_is_thinned_all_the_same():
    assert signal_map([record(np.full((20, 2), INF))]).thinned(steps=4, places=2).steps.tolist() == [0, 5, 10, 15]
