"""Exchanges of levels: they make pairs of columns independent, and change nothing else."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from gradstudy.search.screen.exchange import exchange

COUNTS = (4, 3, 3, 2)


def columns(trials, seed):
    """Level indices [trial, factor], each as often as the others in random order, and two numbers."""
    random = np.random.default_rng(seed)
    codes = np.stack([random.permutation(np.arange(trials) % count) for count in COUNTS], axis=1)
    return codes, random.random((trials, 2))


def in_line(codes, numbers):
    """The sum of chi-square over pairs, the slow and obvious way: by counting cells, and by projection on curves."""
    trials, total = len(codes), 0.0
    for one, other in combinations(range(len(COUNTS)), 2):
        expected = trials / COUNTS[one] / COUNTS[other]
        cells = Counter(zip(codes[:, one], codes[:, other], strict=True))
        every = [cells[a, b] for a in range(COUNTS[one]) for b in range(COUNTS[other])]
        total += sum((count - expected) ** 2 / expected for count in every)
    for column, count in enumerate(COUNTS):
        for number in numbers.T:
            line = 3**0.5 * (2 * number - 1)
            for curve in (line, 5**0.5 / 2 * (line**2 - 1)):
                sums = np.array([curve[codes[:, column] == level].sum() for level in range(count)])
                total += ((sums - curve.sum() / count) ** 2).sum() * count / trials
    return total


@pytest.mark.parametrize("trials", [24, 50])
def test_no_single_exchange_could_make_the_columns_more_independent(trials, monkeypatch):
    monkeypatch.setattr("gradstudy.search.screen.exchange.SWEEPS", 100)  # until nothing moves any more
    codes, numbers = columns(trials, seed=trials)
    after = exchange(codes, COUNTS, numbers, np.arange(trials))
    least = in_line(after, numbers)
    assert least < in_line(codes, numbers) / 3
    for column in range(len(COUNTS)):
        for one, other in combinations(range(trials), 2):
            swapped = after.copy()
            swapped[[one, other], column] = after[[other, one], column]
            assert in_line(swapped, numbers) > least - 1e-4
    for column, count in enumerate(COUNTS):
        assert (np.bincount(after[:, column], minlength=count) == np.bincount(codes[:, column])).all()


def test_trials_that_are_not_free_keep_their_levels():
    codes, numbers = columns(48, seed=1)
    after = exchange(codes, COUNTS, numbers, np.arange(24, 48))
    assert (after[:24] == codes[:24]).all()
    assert (after[24:] != codes[24:]).any()
    assert (exchange(codes, COUNTS, numbers, np.arange(0)) == codes).all()
