"""Exchanges of values: they make columns independent in pairs and in threes, and change nothing else."""

from itertools import combinations

import numpy as np
import pytest

from gradstudy.search.screen import exchange as module
from gradstudy.search.screen.exchange import exchange

COUNTS = (3, 2, 2, 0, 0)  # of levels; 0 is a number
CONDITIONAL = 4


def columns(trials, seed):
    """Level indices or places in 0..1 [trial, factor] in random order; the last number lives in half of the trials."""
    random = np.random.default_rng(seed)
    codes = [
        random.permutation(np.arange(trials) % count if count else (np.arange(trials) + 0.5) / trials)
        for count in COUNTS
    ]
    lives = np.ones((trials, len(COUNTS)), dtype=bool)
    lives[: trials // 2, CONDITIONAL] = False
    return np.stack(codes, axis=1).astype(float), lives, np.where(lives, 0, -1)


def in_line(coded, lives):
    """What is made small, the slow and obvious way: the products of all contrasts of pairs, and of triples."""
    contrasts = []
    for column, count in enumerate(COUNTS):
        place = coded[:, column]
        line = 3**0.5 * (2 * place - 1)
        shapes = [line, module.BEND**0.5 * 5**0.5 / 2 * (line**2 - 1)]
        if count:
            shapes = [count**0.5 * ((place == level) - 1 / count) for level in range(count)]
        weight = lives[:, column] * (len(coded) / lives[:, column].sum()) ** 0.5
        contrasts.append([shape * weight for shape in shapes])
    pairs = sum(np.dot(x, y) ** 2 for a, b in combinations(contrasts, 2) for x in a for y in b)
    triples = sum((x * y * z).sum() ** 2 for a, b, c in combinations(contrasts, 3) for x in a for y in b for z in c)
    return pairs + min(module.TRIPLES, module.PER_TRIAL * len(coded)) * triples


@pytest.mark.parametrize("trials", [18, 24])
def test_no_single_exchange_could_make_the_columns_more_independent(trials, monkeypatch):
    monkeypatch.setattr(module, "SWEEPS", 100)  # until nothing moves any more
    coded, lives, slices = columns(trials, seed=trials)
    after = exchange(coded, COUNTS, lives, slices)
    least = in_line(after, lives)
    assert least < in_line(coded, lives) / 2
    for column in range(len(COUNTS)):
        for one, other in combinations(np.flatnonzero(slices[:, column] == 0), 2):
            swapped = after.copy()
            swapped[[one, other], column] = after[[other, one], column]
            assert in_line(swapped, lives) > least - 1e-4
    assert (np.sort(after, axis=0) == np.sort(coded, axis=0)).all()


def test_values_stay_in_their_slice_and_where_they_may_not_move():
    coded, lives, slices = columns(48, seed=1)
    slices[:] = np.arange(48)[:, None] % 3 - 1  # a third stays, the others are two slices
    after = exchange(coded, COUNTS, lives, slices)
    assert (after[::3] == coded[::3]).all()
    for start in (1, 2):
        assert (after[start::3] != coded[start::3]).any()
        assert (np.sort(after[start::3], axis=0) == np.sort(coded[start::3], axis=0)).all()
    assert (exchange(coded, COUNTS, lives, np.full_like(slices, -1)) == coded).all()


def test_so_many_trials_that_chance_leaves_little_in_line_stay_as_they_are():
    coded, lives, slices = columns(1002, seed=2)
    assert (exchange(coded, COUNTS, lives, slices) == coded).all()
