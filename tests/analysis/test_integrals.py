import numpy as np
import pytest

from gradstudy.analysis.integrals import independent_groups, mean_effects
from gradstudy.analysis.kernel import columns
from gradstudy.analysis.space import INACTIVE, Screen, infer_space
from gradstudy.analysis.surrogate import Surrogate
from gradstudy.records import Factor

FACTORS = (
    Factor("clip", ("none", "norm", "value")),
    Factor("threshold"),
    Factor("act", ("relu", "tanh")),
    Factor("lr"),
)


@pytest.fixture
def known():
    """A posterior mean over a level, a number that lives under it, another level and another number."""
    random = np.random.default_rng(0)
    points = np.column_stack([np.arange(24) % 3, random.random(24), np.arange(24) // 3 % 2, random.random(24)])
    points[points[:, 0] == 0, 1] = INACTIVE
    space = infer_space(Screen(FACTORS, points, np.zeros(24)))
    smooth = np.append(space.smooth, False)
    hyperparameters = np.log([0.3, 1.2, 0.5, 2.0, 0.2, 0.1])
    surrogate = Surrogate(columns(points, [1]), random.normal(size=24), smooth, hyperparameters, np.eye(6), 0.0)
    return surrogate.condition(hyperparameters), space


def dense(space):
    """Every combination of levels and of 40 midpoints per number: [clip, threshold, act, lr, factor]."""
    middles = (np.arange(40) + 0.5) / 40
    grid = np.stack(np.meshgrid([0.0, 1.0, 2.0], middles, [0.0, 1.0], middles, indexing="ij"), axis=-1)
    return space.mask(grid.reshape(-1, 4)), grid.shape[:-1]


def test_effects_are_those_of_a_dense_grid(known):
    posterior, space = known
    points, shape = dense(space)
    values = posterior.mean(columns(points, [1])).reshape(shape)
    effect, variance = mean_effects(posterior, space)
    for axis in (0, 2, 3):
        assert effect[axis] == pytest.approx(values.var(axis=axis).mean(), rel=5e-3)
        assert variance[axis] == pytest.approx(values.var(), rel=5e-3)
    alive = values[1:]
    assert effect[1] == pytest.approx(alive.var(axis=1).mean(), rel=5e-3)
    assert variance[1] == pytest.approx(alive.var(), rel=5e-3)


def test_a_factor_that_decides_where_another_lives_shares_its_group(known):
    assert independent_groups(known[1]) == [(0, 1), (2,), (3,)]
