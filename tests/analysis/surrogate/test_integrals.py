import numpy as np
import pytest

from gradstudy.analysis.ranking.sobol_indices import mean_effects
from gradstudy.analysis.surrogate.effects import ASLEEP, DEGREES, Basis
from gradstudy.analysis.surrogate.gaussian_process import Posterior
from gradstudy.analysis.surrogate.hyperparameters import Known

BASIS = Basis((np.array([0.0, 1.0, 3.0]), np.array([]), np.array([0.0, 1.0]), np.array([])))
NODES, WEIGHTS = np.polynomial.legendre.leggauss(DEGREES + 1)  # exact: squares of effects have twice the degree
AXES = [
    (np.array([0.0, 1.0, 3.0]), np.full(3, 1 / 3)),
    ((NODES + 1) / 2, WEIGHTS / 2),
    (np.array([0.0, 1.0]), np.full(2, 1 / 2)),
    ((NODES + 1) / 2, WEIGHTS / 2),
]


def posterior_of(variances, *, odds=False):
    random = np.random.default_rng(0)
    points = np.column_stack(
        [random.choice([0.0, 1.0, 3.0], 24), random.random(24), np.arange(24) % 2, random.random(24)]
    )
    known = Known(BASIS, points, random.normal(size=24), np.ones(24), odds=odds)
    return Posterior(known, np.array([*np.log(variances), 0.5, -1.0, *np.log([0.7, 1.4, 0.3])]))


def averaged(values, axes):
    """Over these axes, which stay with a length of 1."""
    for axis in axes:
        weights = np.expand_dims(AXES[axis][1], [other for other in range(4) if other != axis])
        values = (values * weights).sum(axis=axis, keepdims=True)
    return values


def on_the_grid(posterior):
    """Totals, firsts and variance of the mean by their definitions, from every point of a grid."""
    grid = np.stack(np.meshgrid(*[nodes for nodes, _ in AXES], indexing="ij"), axis=-1)
    values = posterior.mean(grid.reshape(-1, 4)).reshape(grid.shape[:-1])

    def variance(values, axes):
        return averaged((values - averaged(values, axes)) ** 2, axes)

    others = [[other for other in range(4) if other != factor] for factor in range(4)]
    total = [averaged(variance(values, [factor]), others[factor]).item() for factor in range(4)]
    first = [variance(averaged(values, others[factor]), [factor]).item() for factor in range(4)]
    return total, first, variance(values, range(4)).item()


@pytest.mark.parametrize("odds", [False, True])
@pytest.mark.parametrize("variances", [(0.5, 0.8, 0.3, 1.2), (0.5, np.exp(ASLEEP), 0.3, 1.2)])
def test_effects_are_those_of_every_point_of_a_grid(variances, odds):
    posterior = posterior_of(variances, odds=odds)
    total, first, variance = mean_effects(posterior)
    expected = on_the_grid(posterior)
    np.testing.assert_allclose(total, expected[0], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(first, expected[1], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(variance, np.full(4, expected[2]), rtol=1e-8)


def test_a_mean_without_effects_has_no_variance():
    total, first, variance = mean_effects(posterior_of(np.full(4, np.exp(ASLEEP))))
    assert (total == 0.0).all()
    assert (first == 0.0).all()
    assert (variance == 0.0).all()
