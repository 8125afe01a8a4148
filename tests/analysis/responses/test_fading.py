"""What is left of an answer's signal, by distance: from its own step on, in decades, seed by seed."""

import numpy as np
import pytest
from support.made_records import made_record

from gradstudy.analysis.responses.fading import fadings


def fading_record(shares, *, quantity="signal_by_distance", seed=0, looks=(0,)):
    places = {f"distance_{place:03d}": column for place, column in enumerate(np.array(shares).T.tolist(), start=1)}
    return made_record(np.ones((4, 3)), looks=looks, seen={quantity: places}, seed=seed)


def test_it_begins_with_all_of_the_signal_and_goes_on_in_decades():
    (state, found), *others = fadings([fading_record([[1e-2, 1e-4], [1e-1, 0.0]], looks=(0, 3))]).items()
    assert (state, others) == ("hidden state", [])
    assert found.steps.tolist() == [0, 3]
    assert found.decades[0].tolist() == [pytest.approx([0, -2, -4]), [0, -1, -np.inf]]
    assert found.ends == [0, 1]


def test_of_a_seed_that_ended_nothing_is_known_not_even_at_the_answer():
    found = fadings([fading_record([[0.1], [0.1]], looks=(0, 3)), fading_record([[1e-3]], seed=1)])["hidden state"]
    np.testing.assert_array_equal(np.isnan(found.decades), [[[False] * 2] * 2, [[False] * 2, [True] * 2]])


def test_both_states_of_a_gated_network_are_told_apart():
    record = fading_record([[1e-2]])
    record.series.update(fading_record([[1e-1]], quantity="cell_signal_by_distance").series)
    assert {state: found.decades[0, 0, 1] for state, found in fadings([record]).items()} == {
        "hidden state": pytest.approx(-2),
        "cell state": pytest.approx(-1),
    }


def test_elsewhere_there_is_none():
    assert not fadings([made_record(np.ones((2, 3)))])
