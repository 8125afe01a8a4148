"""Estimates: they count every member, and grow with what is trained."""

import importlib

from support.cohorts import cohort, parts

from gradstudy.factors.model.rnn import Rnn
from gradstudy.tasks.adding import Adding
from gradstudy.training.estimate import estimate


def test_memory_grows_with_the_length_of_the_sequence():
    short, long = (cohort(parts(model=Rnn(width=16), task=Adding(length=length))) for length in (10, 100))
    assert estimate([long]).memory > 5 * estimate([short]).memory


def test_memory_holds_at_least_every_state_of_every_member():
    whole = cohort(parts(model=Rnn(width=16), task=Adding(length=50, batch_size=32)), seeds=10)
    assert estimate([whole]).memory >= 10 * 50 * 32 * 16 * 4


def test_time_is_scaled_from_the_probed_cohorts_to_every_member(monkeypatch):
    module = importlib.import_module("gradstudy.training.estimate")
    monkeypatch.setattr(module, "_cost", lambda probed: (3.0 * len(probed.members), 7.0))
    cohorts = [cohort(parts(), seeds=count) for count in (8, 5, 4, 2, 1)]
    assert estimate(cohorts) == module.Estimate(seconds=3.0 * 20, memory=7.0)
