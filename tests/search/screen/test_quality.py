"""The quality of a design, by algebra, by scipy and by the slow and obvious way."""

from itertools import product

import numpy as np
import pytest
from scipy import stats
from scipy.stats import qmc

from gradstudy.aliasing import contrasts, interaction, tie
from gradstudy.records import Factor
from gradstudy.search.screen.design import design
from gradstudy.search.screen.quality import association, chance_discrepancy, discrepancy, quality

LETTER = Factor("letter", tuple("abc"))
SIGN = Factor("sign", (True, 1))  # two levels that Python holds for equal
X, Y = Factor("x"), Factor("y", low=1e-3, high=10.0, log=True)
WHOLE = Factor("whole", low=1, high=4, integer=True)
FACTORS = (LETTER, SIGN, X, Y, WHOLE)


@pytest.fixture
def random():
    return np.random.default_rng(0)


def test_the_discrepancy_of_numbers_is_scipys_wrap_around_discrepancy(random):
    points = random.random((230, 4))  # more than two blocks of rows
    factors = [Factor(f"x{i}") for i in range(4)]
    assert discrepancy(factors, points) == pytest.approx(qmc.discrepancy(points, method="WD"))


def test_levels_are_even_when_all_combinations_are_there_and_their_order_means_nothing():
    cells = np.array(list(product(range(3), range(2))), dtype=float)
    assert discrepancy([LETTER, SIGN], cells) == pytest.approx(0.0)
    assert discrepancy([SIGN], np.zeros((2, 1))) == pytest.approx(3 / 2 - 4 / 3)
    three = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    for order in ([0, 2, 1], [1, 2, 0]):
        renamed = np.column_stack([np.array(order)[three[:, 0].astype(int)], three[:, 1]])
        assert discrepancy([LETTER, SIGN], renamed) == pytest.approx(discrepancy([LETTER, SIGN], three))


def test_chance_is_the_mean_discrepancy_of_random_designs(random):
    factors, trials = (LETTER, SIGN, X), 20
    draws = [
        discrepancy(factors, np.column_stack([random.integers(3, size=20), random.integers(2, size=20), points]))
        for points in random.random((400, 20, 1))
    ]
    error = np.std(draws) / 20
    assert chance_discrepancy(factors, trials) == pytest.approx(np.mean(draws), abs=4 * error)


def test_associations_are_those_of_scipy(random):
    levels, others = random.integers(3, size=60), random.integers(2, size=60)
    number, whole = random.random(60) + levels / 4, random.integers(1, 5, size=60)
    cells = stats.contingency.crosstab(levels, others).count
    found = association(LETTER, SIGN, np.array([levels, others], dtype=float))
    assert found == pytest.approx(stats.contingency.association(cells, method="cramer"))
    within = sum(((number[levels == level] - number[levels == level].mean()) ** 2).sum() for level in range(3))
    eta = (1 - within / ((number - number.mean()) ** 2).sum()) ** 0.5
    assert association(LETTER, X, np.array([levels, number])) == pytest.approx(eta)
    assert association(X, LETTER, np.array([number, levels])) == pytest.approx(eta)
    rho = abs(stats.spearmanr(number, whole).statistic)
    assert association(X, WHOLE, np.array([number, whole])) == pytest.approx(rho)


def test_what_does_not_vary_is_in_line_with_nothing():
    assert association(LETTER, X, np.array([[1.0, 1.0, 1.0], [0.1, 0.5, 0.9]])) == 0.0
    assert association(LETTER, SIGN, np.array([[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]])) == 0.0


def test_a_design_that_is_in_line_is_said_to_be_with_the_pair():
    rows = [{"letter": "abc"[n % 3], "sign": (True, 1)[n % 2], "x": (n + 0.5) / 12} for n in range(12)]
    rows = [{**row, "y": 10 ** (-3 + 4 * row["x"])} for row in rows]
    found = quality((LETTER, SIGN, X, Y), rows)
    assert found.balance == {"letter": (4, 4), "sign": (6, 6)}
    assert (found.everywhere.first, found.everywhere.second) == ("x", "y")
    assert (found.everywhere.strength, found.everywhere.trials) == (pytest.approx(1.0), 12)
    assert found.conditional is None


def test_a_factor_that_lives_in_part_of_the_trials_is_looked_at_there():
    rows = [{"letter": "abc"[n // 10], "x": n * 7 % 30 / 30} for n in range(30)]
    for row in rows[:10]:
        row["y"] = 10 ** (4 * row["x"] - 3)  # in line with x where it lives
    found = quality((LETTER, X, Y), rows)
    assert (found.conditional.first, found.conditional.second, found.conditional.trials) == ("x", "y", 10)
    assert found.conditional.strength == pytest.approx(1.0)
    assert {found.everywhere.first, found.everywhere.second} == {"letter", "x"}
    assert found.chance == chance_discrepancy((LETTER, X), 30)


def test_a_pair_that_meets_in_fewer_than_eight_trials_is_not_judged():
    rows = [{"x": n / 20, **({"y": 10 ** (4 * n / 20 - 3)} if n < 7 else {})} for n in range(20)]
    assert quality((X, Y), rows).conditional is None


@pytest.mark.parametrize("size", [24, 64, 128])
def test_a_screen_is_better_than_random_trials_in_every_respect(size, random):
    """It has levels of every kind, and no pair as much in line as in the best of some random designs."""
    factors = (LETTER, SIGN, X, Y, WHOLE, Factor("letters", tuple("abcd")), Factor("five", (1, 2, 3, 4, 5)))
    drawn = [[{**row, **_random_levels(factors, random)} for row in [{}] * size] for _ in range(10)]
    by_chance = [quality(factors, rows) for rows in drawn]
    ours = quality(factors, design(factors, [size], seed=1))
    assert ours.discrepancy < min(one.discrepancy for one in by_chance) / 1.5
    assert ours.everywhere.strength < min(one.everywhere.strength for one in by_chance)
    assert all(most - fewest <= 1 for fewest, most in ours.balance.values())


def _random_levels(factors, random):
    return {
        factor.name: factor.levels[random.integers(len(factor.levels))]
        if factor.levels
        else int(random.integers(1, 5))
        if factor.integer
        else float(random.uniform(factor.low, factor.high))
        for factor in factors
    }


def test_a_factor_that_is_the_product_of_two_others_is_said_to_be_and_by_chance_none_is(random):
    """A half fraction of 2^3 (Box & Hunter 1961): every pair is balanced, and each column the product of the others."""
    factors = [Factor(name, (0, 1)) for name in "abc"]
    rows = [dict(zip("abc", (n // 2 % 2, n % 2, (n // 2 + n) % 2), strict=True)) for n in range(40)]
    found = quality(factors, rows)
    assert found.everywhere.strength == pytest.approx(0.0)
    assert found.triple.strength == pytest.approx((1 - 1 / 39) ** 0.5)
    assert sorted([found.triple.factor, *found.triple.others]) == ["a", "b", "c"]
    assert quality(factors, rows[:15]).triple is None  # too few to say
    drawn = [
        tie(
            contrasts(x, is_number=True), interaction(contrasts(a, is_number=False), contrasts(b, is_number=False))
        ).strength
        for x, a, b in zip(
            random.random((200, 60)),
            random.integers(3, size=(200, 60)),
            random.integers(4, size=(200, 60)),
            strict=True,
        )
    ]
    assert np.mean(np.array(drawn) > 0) < 0.6  # what chance gives is taken away: about half have nothing left
    assert np.mean(np.square(drawn)) < 0.07  # the mean of what is left above 0, of a sum with sd sqrt(2 6) / 59


def test_a_product_with_a_number_is_seen_where_all_three_live():
    """y = x * sign(s) lives in 30 of 60 trials, in which it is the product of the others."""
    places = (np.arange(30) * 7 % 30 + 0.5) / 30
    rows = [{"letter": "ab"[n % 2], "x": float(places[n]), "z": 0.5 + (places[n] - 0.5) * (-1) ** n} for n in range(30)]
    rows += [{"letter": "ab"[n % 2], "x": float(places[n])} for n in range(30)]
    found = quality((Factor("letter", ("a", "b")), Factor("x"), Factor("z")), rows)
    assert found.triple.strength > 0.95
