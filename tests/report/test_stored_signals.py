"""The signal of stored trials, read back: the same maps as from the records that were stored."""

import numpy as np

from gradstudy.analysis.signal_map import signal_map
from gradstudy.records import MemberRecord, Series
from gradstudy.report.stored_signals import stored_signals
from gradstudy.tracking.record_file import tidy


def record(trial, seed, steps):
    random = np.random.default_rng([trial, seed])
    signal = np.where(random.random((steps, 3)) < 0.2, 0.0, np.exp(random.normal(size=(steps, 3))))
    places = ("layer_1", "layer_2", "layer_3")
    series = {
        "signal": Series(places, np.arange(steps), signal),
        "loss": Series(("all",), np.arange(steps), np.ones((steps, 1))),
        "signal_float64": Series(places, np.array([0]), np.full((1, 3), 1e-60)),
    }
    return MemberRecord(trial, seed, series)


def test_what_was_stored_comes_back_as_the_same_maps_with_the_range_of_float64():
    records = {7: [record(7, 0, 4), record(7, 1, 2)], 9: [record(9, 0, 1)]}
    every = [one for own in records.values() for one in own]
    found = stored_signals(lambda **filters: tidy(every, filters), [7, 9])
    assert list(found) == [7, 9]
    for trial, own in records.items():
        expected = signal_map(own)
        assert found[trial].places == expected.places
        assert np.array_equal(found[trial].steps, expected.steps)
        assert np.array_equal(found[trial].decades, expected.decades)
    assert any((one.decades == -60.0).any() for one in found.values())
