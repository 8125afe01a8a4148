"""A number's place in its range, by algebra; what its seeds make of a trial."""

from itertools import pairwise
from math import log, sqrt

import numpy as np
import pytest

from gradstudy.records import Factor, trial_outcome, trial_verdict

SHARES = np.linspace(0.0, 1.0, 33)


@pytest.mark.parametrize(
    "factor", [Factor("x", low=-3.0, high=5.0), Factor("x", low=1e-4, high=10.0, log=True)], ids=["plain", "log"]
)
def test_a_number_lies_at_the_share_of_its_range_that_it_was_taken_from(factor):
    numbers = np.array([factor.at(share) for share in SHARES])
    assert factor.place(numbers) == pytest.approx(SHARES)
    middle = sqrt(factor.low * factor.high) if factor.log else (factor.low + factor.high) / 2
    assert (factor.at(0.0), factor.at(0.5), factor.at(1.0)) == pytest.approx((factor.low, middle, factor.high))
    assert list(factor.place(np.array([factor.low - 1e-5, factor.high + 1.0]))) == [0.0, 1.0]


@pytest.mark.parametrize("low", [1, 3])
@pytest.mark.parametrize("scaled", [False, True], ids=["plain", "log"])
def test_a_whole_number_owns_the_piece_up_to_the_next_and_lies_in_its_middle(low, scaled):
    factor = Factor("x", low=low, high=low + 4, log=scaled, integer=True)
    scale = log if scaled else float
    edges = [(scale(n) - scale(low)) / (scale(low + 5) - scale(low)) for n in range(low, low + 6)]
    for n, (start, end) in enumerate(pairwise(edges), low):
        assert {factor.at(start + share * (end - start)) for share in (1e-9, 0.5, 1 - 1e-9)} == {n}
        assert factor.place(np.array([n])) == pytest.approx([(start + end) / 2])
    assert (factor.at(0.0), factor.at(1.0)) == (low, low + 4)
    assert type(factor.at(0.5)) is int


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (("healthy", "healthy"), "healthy"),
        (("healthy", "healthy", "diverged"), "diverged"),
        (("vanishing", "exploding"), "exploding"),
        (("healthy", "vanishing", "exploding", "vanishing"), "vanishing"),
    ],
)
def test_a_trial_is_healthy_if_every_seed_is_and_else_what_most_of_the_others_are(verdicts, expected):
    assert trial_verdict(verdicts) == expected


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (["learned", "learned"], "learned"),
        (["learned", "stuck"], "stuck"),
        (["untrained", "stuck"], "stuck"),
        (["untrained", "learned"], "untrained"),
        (["untrained"], "untrained"),
    ],
)
def test_a_trial_has_learned_if_every_seed_has_and_is_stuck_if_any_is(outcomes, expected):
    assert trial_outcome(outcomes) == expected
