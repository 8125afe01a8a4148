"""Which factors were assigned hand in hand?"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gradstudy.analysis.ranking.alignment import LEVEL, confounded, triples_in_line
from gradstudy.analysis.space.coordinates import INACTIVE, CodedTrials, encode
from gradstudy.records import DUMMY, Factor
from gradstudy.search.screen.design import design

ACT, NORM = Factor("act", ("relu", "tanh", "gelu")), Factor("norm", ("none", "layer"))
LR, GAIN = Factor("lr", low=1e-4, high=1e-1, log=True), Factor("gain", low=0.5, high=2.0)
CLIP, DEPTH = Factor("clip", ("none", "norm")), Factor("clip.max_norm", low=0.1, high=10.0, log=True)
FACTORS = (ACT, NORM, LR, GAIN, CLIP, DEPTH, DUMMY)


def screen_of(factors, points):
    return CodedTrials(tuple(factors), np.asarray(points, dtype=float), np.zeros(len(points)))


def designed(count, seed=0, factors=FACTORS):
    trials = pd.DataFrame(design(factors, [count], seed))
    trials["clip.max_norm"] = trials["clip.max_norm"].where(trials["clip"] == "norm")
    return encode(trials, factors)


@pytest.mark.parametrize("count", [96, 128, 500])
@pytest.mark.parametrize("seed", range(3))
def test_the_design_of_seven_factors_ties_nothing(count, seed):
    assert not confounded(screen_of(FACTORS, designed(count, seed))).any()


def test_a_copied_column_ties_both_and_no_other():
    """Levels, numbers, and a number that follows a level; a parent of a conditional factor goes with its copy."""
    points = designed(128)
    points[:, 3] = 1.0 - points[:, 2]  # gain falls as lr rises
    points[:, 4] = points[:, 1]  # clip goes with norm
    points[:, 5] = INACTIVE
    assert confounded(screen_of(FACTORS, points)).tolist() == [False, True, True, True, True, False, False]
    points = designed(128)
    points[:, 6] = (points[:, 0] + 0.5) / 3
    assert confounded(screen_of(FACTORS, points)).tolist() == [True, False, False, False, False, False, True]


def test_a_conditional_factor_is_compared_where_it_lives():
    """Where it lives its parent has one level, so that they cannot be tied; with what it follows there it is."""
    points = designed(256)
    lives = points[:, 5] != INACTIVE
    assert not confounded(screen_of(FACTORS, points)).any()
    points[lives, 5] = points[lives, 2]
    assert confounded(screen_of(FACTORS, points)).tolist() == [False, False, True, False, False, True, False]


def test_independent_columns_are_seldom_tied():
    """LEVEL over all pairs: of 200 screens 10 are expected, 22 or more would come less than once in 2,000."""
    random, tied = np.random.default_rng(0), 0
    for _ in range(200):
        points = np.column_stack([random.integers(3, size=90), random.integers(2, size=90), random.random((90, 2))])
        tied += confounded(screen_of((ACT, NORM, LR, GAIN), points)).any()
    assert stats.binom.sf(21, 200, LEVEL) < 1 / 2000
    assert tied < 22


def test_one_factor_alone_or_one_that_never_varied_is_tied_to_nothing():
    points = designed(128)
    assert not confounded(screen_of(FACTORS[:1], points[:, :1])).any()
    points[:, 1] = 0.0
    assert not confounded(screen_of(FACTORS, points)).any()


@pytest.mark.parametrize("seed", range(3))
def test_in_the_design_of_a_screen_no_three_factors_are_in_line(seed):
    assert triples_in_line(screen_of(FACTORS, designed(128, seed))) == ()


def test_a_factor_that_follows_the_product_of_two_others_is_in_line_with_them():
    """Signs of lr and of norm that multiply to that of clip: no two go together, and each follows the other two."""
    points = designed(128)
    points[:, 4] = (points[:, 2] > 0.5) == (points[:, 1] > 0.5)
    screen = screen_of(FACTORS, points)
    assert triples_in_line(screen) == (("norm", "lr", "clip"),)
    assert not confounded(screen)[[1, 2, 4]].any()


def test_chance_puts_no_three_factors_in_line():
    """286 triples of thirteen columns in each of ten studies, at a level of .05 for each study."""
    factors = tuple(Factor(f"f{which}", () if which % 2 else tuple("abcd")) for which in range(13))
    random = np.random.default_rng(0)
    levels = np.arange(96) % 4
    studies = [
        np.column_stack([random.random(96) if which % 2 else random.permutation(levels) for which in range(13)])
        for _ in range(10)
    ]
    assert sum(len(triples_in_line(screen_of(factors, points))) for points in studies) <= 1
