"""First-order and second-order shares by cells: of tables whose shares are known by algebra."""

import numpy as np
import pytest
from scipy.stats import qmc

from gradstudy.analysis.space.coordinates import FactorSpace, Rule
from gradstudy.analysis.space.partitions import FEWEST_POINTS, Partitions
from gradstudy.records import Factor

LEVELS = (np.arange(2.0), np.arange(3.0), np.arange(4.0))
NUMBER = np.array([])


def space_of(*codes, rules=None):
    factors = tuple(Factor(f"f{which}", tuple(map(str, known))) for which, known in enumerate(codes))
    return FactorSpace(factors, codes, rules or {})


def every_point(*codes, times=4):
    """Every combination of levels, equally often."""
    grid = np.stack(np.meshgrid(*codes, indexing="ij"), axis=-1).reshape(-1, len(codes))
    return np.tile(grid, (times, 1))


def sobol(space, count, seed=0):
    return space.place(qmc.Sobol(len(space.codes), rng=np.random.default_rng(seed)).random(count))


def test_a_sum_of_effects_has_its_variances_as_shares_and_no_pairs():
    """Over every combination of levels there is nothing to estimate: variances 1/4, 8/3 and 5/4 of their sum."""
    points = every_point(*LEVELS)
    values = points @ [1.0, 2.0, -1.0]
    cells = Partitions(space_of(*LEVELS), points, 6)
    first, pairs = cells.shares(np.stack([values, 5 - 3 * values]))
    truth = np.array([1 / 4, 8 / 3, 5 / 4]) / (1 / 4 + 8 / 3 + 5 / 4)
    # What finite cells add is taken away: (cells - 1) / (points - cells) of what lies within them.
    within = 1 - truth
    chance = (np.array([2, 3, 4]) - 1) / (len(points) - np.array([2, 3, 4]))
    np.testing.assert_allclose(first, np.tile(truth - chance * within, (2, 1)), atol=1e-12)
    assert cells.pairs == [(0, 1), (0, 2), (1, 2)]
    assert np.abs(pairs).max() < 0.05
    large = Partitions(space_of(*LEVELS), every_point(*LEVELS, times=400), 6)
    first, pairs = large.shares(np.tile(values, 100)[None])
    np.testing.assert_allclose(first[0], truth, atol=1e-3)
    np.testing.assert_allclose(pairs, 0.0, atol=1e-3)


def test_an_exclusive_or_is_one_pair_and_nothing_else():
    points = every_point(*LEVELS, times=400)
    values = (points[:, 0] != points[:, 1] % 2).astype(float)
    mean = values.reshape(-1, 2, 3, 4).mean(axis=(0, 3))
    row, column = mean.mean(axis=1), mean.mean(axis=0)
    together = mean - row[:, None] - column + mean.mean()
    first, pairs = Partitions(space_of(*LEVELS), points, 6).shares(values[None])
    np.testing.assert_allclose(first[0], [row.var() / mean.var(), column.var() / mean.var(), 0.0], atol=1e-3)
    np.testing.assert_allclose(pairs[0], [(together**2).mean() / mean.var(), 0.0, 0.0], atol=1e-3)
    halves = every_point(np.arange(2.0), np.arange(2.0), times=200)
    first, pairs = Partitions(space_of(LEVELS[0], LEVELS[0]), halves, 6).shares(
        (halves[:, 0] != halves[:, 1])[None].astype(float)
    )
    np.testing.assert_allclose(first, 0.0, atol=2e-3)
    np.testing.assert_allclose(pairs, 1.0, atol=5e-3)


@pytest.mark.parametrize("bins", [6, 16])
def test_numbers_keep_what_lies_between_equal_parts_of_their_range(bins):
    """A line keeps 1 - 1/bins^2 of its variance between the parts, a product of two lines the square of that."""
    space = space_of(NUMBER, NUMBER)
    points = sobol(space, 2**14)
    x, y = (points - 0.5).T
    first, pairs = Partitions(space, points, bins).shares(np.stack([3 * x + y, x * y]))
    kept = 1 - 1 / bins**2
    np.testing.assert_allclose(first, [[0.9 * kept, 0.1 * kept], [0.0, 0.0]], atol=2e-3)
    np.testing.assert_allclose(pairs, [[0.0], [kept**2]], atol=4e-3)


def test_pure_noise_has_no_shares_on_average():
    """400 functions of independent values at 512 points; uncorrected, 16 x 16 cells would explain half of each."""
    space, random = space_of(NUMBER, NUMBER, LEVELS[2]), np.random.default_rng(1)
    noise = random.standard_normal((400, 512))
    first, pairs = Partitions(space, sobol(space, 512), 16).shares(noise)
    for found in (first, pairs):
        error = found.std(axis=0) / np.sqrt(len(noise))
        assert (np.abs(found.mean(axis=0)) < 4 * error).all()
        assert (error < 0.006).all()


@pytest.fixture
def conditional():
    """A number that lives under one of three levels, and another that lives everywhere."""
    return space_of(LEVELS[1], NUMBER, NUMBER, rules={1: Rule((0,), np.array([[2.0]]))})


def test_a_conditional_factor_has_a_share_of_the_variance_where_it_lives(conditional):
    """There, 2x and y have variances 4/12 and 1/12, and the level of its parent is given."""
    points = sobol(conditional, 2**14)
    values = np.where(points[:, 0] == 2, 2 * points[:, 1], 5.0) + points[:, 2]
    cells = Partitions(conditional, points, 16)
    first, pairs = cells.shares(values[None])
    assert first[0, 1] == pytest.approx(4 / 5 * (1 - 1 / 16**2), abs=5e-3)
    everywhere = values.var()
    level = np.array([5.0, 5.0, 1.0])
    assert first[0, 0] == pytest.approx(level.var() / everywhere, abs=5e-3)
    assert first[0, 2] == pytest.approx(1 / 12 * (1 - 1 / 16**2) / everywhere, abs=5e-3)
    # Nothing acts together: in the support of x the others add to it, and under its parent there is one level only.
    assert cells.pairs == [(0, 1), (0, 2), (1, 2)]
    np.testing.assert_allclose(pairs, 0.0, atol=0.01)


def test_pairs_that_hardly_meet_are_left_out_unless_they_are_asked_for(conditional):
    few = 3 * FEWEST_POINTS // 2  # half of FEWEST_POINTS lie where the conditional number lives
    points = sobol(conditional, 2**10)[:few]
    assert Partitions(conditional, points, 6).pairs == [(0, 2)]
    asked = Partitions(conditional, points, 6, [(1, 2)])
    assert asked.pairs == [(1, 2)]
    assert asked.shares(points[:, 2][None])[1].shape == (1, 1)


def test_a_constant_has_no_shares_and_gives_no_warning():
    points = every_point(*LEVELS)
    first, pairs = Partitions(space_of(*LEVELS), points, 6).shares(np.full((1, len(points)), 7.0))
    np.testing.assert_allclose(first, 0.0, atol=1e-9)
    np.testing.assert_allclose(pairs, 0.0, atol=1e-9)
