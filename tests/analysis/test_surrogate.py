import numpy as np
import pytest

from gradstudy.analysis import surrogate as module
from gradstudy.analysis.kernel import correlation
from gradstudy.analysis.surrogate import Objective, Surrogate, fit_surrogate

SMOOTH = np.array([True, False])
MODE = np.log([1.5, 3.0, 0.05])


@pytest.fixture
def data():
    random = np.random.default_rng(0)
    points = np.column_stack([random.random(20), random.integers(0, 3, 20)])
    values = np.sin(4 * points[:, 0]) + points[:, 1] + 0.1 * random.normal(size=20)
    return points, (values - values.mean()) / values.std()


def kriging(points, values, new):
    """The textbook's bordered system: weights that sum to 1 and minimise the error."""
    relevance, noise = np.exp(MODE[:-1]), np.exp(MODE[-1])
    inner = correlation(points, points, relevance, SMOOTH) + noise * np.eye(len(points))
    bordered = np.block([[inner, np.ones((len(points), 1))], [np.ones((1, len(points))), np.zeros((1, 1))]])
    right = np.vstack([correlation(points, new, relevance, SMOOTH), np.ones((1, len(new)))])
    weights = np.linalg.solve(bordered, right)
    return weights[:-1].T @ values, 1.0 - (weights * right).sum(axis=0)


def known(points, values):
    return Surrogate(points, values, SMOOTH, MODE, np.zeros((3, 3)), 0.0).condition(MODE)


def test_the_gradient_of_the_objective_is_that_of_finite_differences(data):
    objective, step = Objective(*data, SMOOTH), 1e-5
    shifts = step * np.eye(3)
    slopes = [(objective(MODE + shift)[0] - objective(MODE - shift)[0]) / (2 * step) for shift in shifts]
    np.testing.assert_allclose(objective(MODE)[1], slopes, rtol=1e-5, atol=1e-6)


def test_the_mean_is_that_of_ordinary_kriging(data):
    new = np.column_stack([np.linspace(0, 1, 7), np.arange(7) % 3])
    np.testing.assert_allclose(known(*data).mean(new), kriging(*data, new)[0], rtol=1e-9)


def test_paths_scatter_around_the_mean_as_ordinary_kriging_says(data):
    points, values = data
    # Level 7 was never seen: there, how uncertain the mean is counts as well.
    new = np.column_stack([np.linspace(0, 1, 7), [0.0, 1.0, 2.0, 0.0, 1.0, 7.0, 7.0]])
    paths = known(points, values).paths(new, 20000, np.random.default_rng(0))
    mean, variance = kriging(points, values, new)
    residual = values - kriging(points, values, points)[0]
    # The inverse-gamma scale has mean squares / (n - 3); the residual of a kriging fit is noise times the weights.
    scale = values @ residual / np.exp(MODE[-1]) / (len(values) - 3)
    np.testing.assert_allclose(paths.mean(axis=0), mean, atol=0.02)
    np.testing.assert_allclose(paths.var(axis=0), scale * variance, rtol=0.06)


def test_the_fit_is_that_of_leaving_out_each_trial_in_turn(data):
    points, values = data
    found = fit_surrogate(points, values, SMOOTH, seed=0)
    others = [np.delete(np.arange(20), trial) for trial in range(20)]
    left_out = [
        Surrogate(points[rest], values[rest], SMOOTH, found.mode, found.spread, 0.0)
        .condition(found.mode)
        .mean(points[[trial]])[0]
        for trial, rest in enumerate(others)
    ]
    baseline = sum((values[trial] - values[rest].mean()) ** 2 for trial, rest in enumerate(others))
    assert found.fit == pytest.approx(1.0 - ((values - left_out) ** 2).sum() / baseline, rel=1e-6)


def test_the_mode_is_a_minimum_and_draws_scatter_around_it_no_wider_than_the_prior(data):
    points, values = data
    found, objective = fit_surrogate(points, values, SMOOTH, seed=0), Objective(points, values, SMOOTH)
    near = found.mode + 0.2 * np.random.default_rng(0).normal(size=(50, 3))
    assert min(objective(shifted)[0] for shifted in near) > objective(found.mode)[0]
    random = np.random.default_rng(1)
    scatter = np.array([found.draw(random) for _ in range(2000)]).std(axis=0)
    assert (scatter < 1.05 * objective.prior_sd).all()
    assert (scatter > 0.0).all()


def test_a_subset_without_the_one_rare_event_still_gives_finite_answers(data, monkeypatch):
    monkeypatch.setattr(module, "FITTED", 8)
    points, _ = data
    found = fit_surrogate(points, np.eye(20)[3], SMOOTH, seed=0)
    assert np.isfinite(found.mode).all()
    assert np.isfinite(found.condition(found.mode).paths(points, 4, np.random.default_rng(0))).all()


def test_the_number_of_trials_that_predictions_rest_on_is_bounded(data, monkeypatch):
    monkeypatch.setattr(module, "CONDITIONED", 15)
    assert fit_surrogate(*data, SMOOTH, seed=0).points.shape == (15, 2)
