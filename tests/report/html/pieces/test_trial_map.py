"""Stored trials, read back: the same series as were stored, of what was asked for."""

import numpy as np

from gradstudy.records import MemberRecord, Series
from gradstudy.report.html.pieces.trial_map import stored_records
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


def test_what_was_stored_comes_back_seed_by_seed_and_only_what_was_asked_for():
    records = {7: [record(7, 0, 4), record(7, 1, 2)], 9: [record(9, 0, 1)]}
    every = [one for own in records.values() for one in own]
    found = stored_records(lambda **filters: tidy(every, filters), [7, 9], ["signal", "signal_float64"])
    assert list(found) == [7, 9]
    for trial, own in records.items():
        for stored, read in zip(own, found[trial], strict=True):
            assert (read.trial, read.seed) == (trial, stored.seed)
            assert set(read.series) == {"signal", "signal_float64"}
            for name, series in read.series.items():
                assert series.places == stored.series[name].places
                assert np.array_equal(series.steps, stored.series[name].steps)
                assert np.array_equal(series.values, stored.series[name].values)
