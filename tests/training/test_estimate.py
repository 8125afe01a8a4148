"""Estimates: they count every member, and grow with what is trained."""

import pytest
from support.cohorts import cohort, parts

from gradstudy.factors.model.rnn import Rnn
from gradstudy.tasks.adding import Adding
from gradstudy.training.estimate import Estimate, estimate


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
