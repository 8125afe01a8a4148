import numpy as np
import pytest

from gradstudy.analysis.sources import attribute, is_constant
from gradstudy.analysis.space import INACTIVE, Screen
from gradstudy.records import Factor

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.random((2, 64))


def shares_of(names, columns, values):
    screen = Screen(tuple(Factor(name) for name in names), np.column_stack(columns), values)
    return attribute(screen, draws=32, seed=0)


def test_a_factor_whose_life_nothing_decides_is_ranked_where_it_lives():
    lives = RANDOM.random(64) < 0.6
    shares = shares_of(("x", "y"), (np.where(lives, X, INACTIVE), Y), np.where(lives, 2 * X, 0.0) + Y)
    assert set(shares.names) == {"x", "y"}
    found = dict(zip(shares.names, shares.draws.mean(axis=0), strict=True))
    assert found["x"] == pytest.approx(4 / 5, abs=0.03)
    values = np.where(lives, 2 * X, 0.0) + Y
    effect = shares.effects.mean(axis=0)[shares.names.index("x")]
    assert effect == pytest.approx(found["x"] * values[lives].var() / values.var())


def test_only_partial_factors_are_ranked_all_the_same():
    lives = RANDOM.random(64) < 0.5
    shares = shares_of(("x",), (np.where(lives, X, INACTIVE),), X)
    assert shares.names == ("x",)
    assert shares.draws.mean() == pytest.approx(1.0, abs=0.01)


def test_what_never_varied_or_hardly_lives_is_left_out():
    rare = np.where(np.arange(64) < 5, X, INACTIVE)
    assert shares_of(("x", "fixed", "rare"), (X, np.zeros(64), rare), X).names == ("x",)


@pytest.mark.parametrize(("count", "values"), [(7, X[:7]), (64, np.full(64, 3.0))], ids=["few", "constant"])
def test_nothing_is_attributed_where_nothing_can_be(count, values):
    shares = shares_of(("x",), (X[:count],), values)
    assert shares.names == ()
    assert np.isnan(shares.fit)
    assert shares.pairs.empty


def test_constant_means_equal_up_to_rounding():
    assert is_constant(np.array([0.1 + 0.2, 0.3]))
    assert is_constant(np.zeros(3))
    assert not is_constant(np.array([1e-30, 2e-30]))
