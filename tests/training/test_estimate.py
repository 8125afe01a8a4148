"""Estimates: they count every member, and grow with what is trained."""

from dataclasses import replace

import pytest
from support.cohorts import cohort, parts

from gradstudy.factors.model.rnn import Rnn
from gradstudy.tasks.adding import Adding
from gradstudy.training import estimate as estimating
from gradstudy.training.engine import train
from gradstudy.training.estimate import Estimate, estimate, measured_cost
from gradstudy.training.footprint import Footprint


def test_memory_grows_with_the_length_of_the_sequence():
    short, long = (cohort(parts(model=Rnn(width=16), task=Adding(length=length))) for length in (10, 100))
    assert estimate([long]).memory > 5 * estimate([short]).memory


def test_memory_holds_at_least_every_state_of_every_member():
    whole = cohort(parts(model=Rnn(width=16), task=Adding(length=50, batch_size=32)), seeds=10)
    assert estimate([whole]).memory >= 10 * 50 * 32 * 16 * 4


def cohorts_of(*sizes):
    return [cohort(parts(), seeds=count) for count in sizes]


def test_time_is_scaled_from_the_timed_cohorts_to_every_member():
    found = estimate(cohorts_of(8, 5, 4, 2, 1), cost=lambda timed: (3.0 * len(timed.members), 7.0))
    assert found == Estimate(seconds=3.0 * 20, memory=7.0)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_the_first_and_the_last_cohort_are_timed_and_none_twice(count):
    timed = []

    def cost(one):
        timed.append(len(one.members))
        return 1.0, float(len(one.members))

    sizes = range(count, 0, -1)
    assert estimate(cohorts_of(*sizes), cost).memory == count
    assert timed[0] == count
    assert timed[-1] == 1
    assert len(timed) == len(set(timed)) == min(count, 3)


def test_calls_that_a_step_makes_however_many_members_it_has_do_not_keep_members_from_being_timed(monkeypatch):
    """A recurrent network's hundreds of calls take as long for 64 members as for one."""
    timed = []
    monkeypatch.setattr(estimating, "measured_cost", lambda one: timed.append(len(one.members)) or (1.0, 2.0))
    whole = cohort(parts(model=Rnn(width=8), task=Adding(length=50, batch_size=32)), seeds=64)
    assert estimating.cost_of(whole) == (1.0, 2.0)
    assert timed == [64]


def test_of_members_that_are_large_some_are_timed_for_all(monkeypatch):
    one = Footprint(parameters=10, memory=5.0, seconds=0.1, calls=0.04, recorded=1.0)
    monkeypatch.setattr(estimating, "footprint", lambda network, parts: one)
    monkeypatch.setattr(estimating, "measured_cost", lambda few: (3.0 * len(few.members), 7.0 * len(few.members)))
    assert estimating.cost_of(cohort(parts(), seeds=8)) == (24.0, 56.0)  # two of them are within a second


def test_what_would_take_long_is_counted_and_its_calls_once_for_all_members(monkeypatch):
    monkeypatch.setattr(estimating, "footprint", lambda network, parts: Footprint(10, 5.0, 2.0, 3.0, 1.0))
    monkeypatch.setattr(estimating, "measured_cost", lambda few: pytest.fail("it is not to be timed"))
    whole = cohort(parts(), seeds=8)
    assert estimating.cost_of(whole) == ((3.0 + 8 * 2.0) * whole.steps, 8 * 5.0)


def test_the_record_in_memory_is_that_of_what_is_asked_for():
    whole = cohort(parts(model=Rnn(width=4), task=Adding(length=10)), seeds=2, steps=4)
    short, long = (measured_cost(replace(whole, steps=steps))[1] for steps in (4, 10_004))
    (record,) = {
        tuple(len(one.values[0]) for one in record.series.values()) for record in train(replace(whole, steps=0))
    }
    assert long - short == 10_000 * 2 * 8 * sum(record)
