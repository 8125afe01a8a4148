"""How far factors go together, by algebra and against scipy."""

import time
from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from gradstudy.aliasing import contrasts, interaction, tie, ties_to_two


@pytest.fixture
def random():
    return np.random.default_rng(0)


def levels_of(column):
    return contrasts(column, is_number=False)


def test_of_two_factors_with_levels_it_is_chi_square_and_cramers_v_without_what_chance_gives(random):
    a = random.integers(3, size=80)
    b = (a + random.integers(3, size=80)) % 4
    found = tie(levels_of(a), levels_of(b))
    whole = stats.chi2_contingency(stats.contingency.crosstab(a, b).count, correction=False)
    assert found.trials * found.shared == pytest.approx(whole.statistic)
    assert found.freedom == whole.dof
    excess = whole.statistic / 80 - whole.dof / 79
    assert found.strength == pytest.approx((max(excess, 0.0) / 2) ** 0.5)


def test_of_two_numbers_it_is_their_correlation(random):
    x = random.random(50)
    y = x + random.random(50)
    found = tie(contrasts(x, is_number=True), contrasts(y, is_number=True))
    assert found.shared == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2)


def test_what_does_not_vary_or_is_nowhere_goes_with_nothing():
    for column in (np.zeros(5), np.empty(0)):
        one = contrasts(column, is_number=True)
        assert one.shape == (len(column), 0)
        assert tie(one, levels_of(column)).strength == 0.0
        assert interaction(one, one).shape == (len(column), 0)


def test_an_interaction_is_what_is_left_of_products_once_each_alone_is_taken_out(random):
    a, b = levels_of(random.integers(3, size=60)), contrasts(random.random(60), is_number=True)
    together = interaction(a, b)
    assert together.shape == (60, 2)
    np.testing.assert_allclose(np.hstack([a, b]).T @ together, 0.0, atol=1e-12)
    np.testing.assert_allclose(together.T @ together, np.eye(2), atol=1e-12)


def test_every_factor_is_set_against_every_two_others_where_all_three_live(random):
    """By the slow and obvious way: every triple by itself."""
    numbers = [True, False, False, True, False]
    columns = np.column_stack([random.random(90) if number else random.integers(3, size=90) for number in numbers])
    lives = np.ones((90, 5), dtype=bool)
    lives[:, 3], lives[:, 4] = columns[:, 1] > 0, columns[:, 2] > 1
    found = dict(ties_to_two(columns, lives, numbers))
    assert len(found) == 3 * len(list(combinations(range(5), 3)))
    for (which, one, other), seen in found.items():
        rows = lives[:, [which, one, other]].all(axis=1)
        a, b, c = (contrasts(columns[rows, f], is_number=numbers[f]) for f in (which, one, other))
        assert seen == tie(a, interaction(b, c))
        assert seen.trials == rows.sum()


def test_each_of_a_half_fraction_is_the_product_of_the_others():
    """2^(3-1), Box & Hunter 1961: every pair is balanced."""
    half = np.array([[a, b, (a + b) % 2] for a, b in product((0, 1), repeat=2)] * 10)
    for (which, one, other), found in ties_to_two(half, np.ones((40, 3), dtype=bool), [False] * 3):
        assert found.shared == pytest.approx(1.0)
        assert tie(levels_of(half[:, one]), levels_of(half[:, other])).shared == pytest.approx(0.0)
        assert len({which, one, other}) == 3


def test_what_two_factors_share_is_no_product_of_theirs(random):
    """A copy of a factor goes with it, whatever the third one does."""
    a, b = random.integers(4, size=200), random.integers(2, size=200)
    columns = np.column_stack([a, a, b])
    strengths = [found.strength for _, found in ties_to_two(columns, np.ones((200, 3), dtype=bool), [False] * 3)]
    assert max(strengths) < 0.3


def test_fourteen_factors_of_512_trials_are_compared_in_a_moment(random):
    numbers = [place % 2 == 1 for place in range(14)]
    columns = np.column_stack([random.random(512) if number else random.integers(4, size=512) for number in numbers])
    start = time.process_time()
    assert len(list(ties_to_two(columns, np.ones((512, 14), dtype=bool), numbers))) == 3 * 364
    assert time.process_time() - start < 1.0
