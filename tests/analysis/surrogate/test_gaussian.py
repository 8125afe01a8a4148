from dataclasses import replace

import numpy as np
import pytest

from gradstudy.analysis.surrogate import effects
from gradstudy.analysis.surrogate import gaussian_process as module
from gradstudy.analysis.surrogate.effects import ASLEEP, Basis, Strengths, Variants, covariance
from gradstudy.analysis.surrogate.gaussian_process import Posterior, Surrogate, fit_surrogate
from gradstudy.analysis.surrogate.hyperparameters import Known, Mode, NegativeLogPosterior

BASIS = Basis((np.array([]), np.array([0.0, 1.0, 2.0])))
PLACE = np.array([*np.log([0.6, 0.4]), -0.3, *np.log([0.9, 0.5]), np.log(0.05)])
"""Hyperparameters: two log variances, the number's decay, weights of pairs and triples, and the noise."""


@pytest.fixture
def known():
    random = np.random.default_rng(0)
    points = np.column_stack([random.random(20), np.arange(20) % 3])
    values = np.sin(4 * points[:, 0]) + points[:, 1] + 0.1 * random.normal(size=20)
    return Known(BASIS, points, (values - values.mean()) / values.std(), random.uniform(0.3, 3.0, 20))


@pytest.fixture
def new():
    return np.column_stack([np.linspace(0, 1, 7), np.arange(7) % 3])


def kriging(known, new, at=PLACE):
    """The textbook's bordered system: weights that sum to 1 and minimise the error. Means and joint covariance."""
    strengths = Strengths.of(known.basis, at, odds=known.odds)
    seen, there = known.basis(known.points), known.basis(new)
    inner = covariance(seen, seen, strengths) + np.diag(strengths.noise * known.noise)
    ones = np.ones((len(seen[0]), 1))
    bordered = np.block([[inner, ones], [ones.T, np.zeros((1, 1))]])
    right = np.vstack([covariance(seen, there, strengths), np.ones((1, len(new)))])
    weights = np.linalg.solve(bordered, right)
    return weights[:-1].T @ known.values, covariance(there, there, strengths) - weights.T @ right


@pytest.mark.parametrize("odds", [False, True])
def test_the_mean_is_that_of_ordinary_kriging(known, new, odds):
    known = Known(BASIS, known.points, known.values, known.noise, odds=odds)
    at = np.append(PLACE[:-1], 2.0 + PLACE[-1])
    np.testing.assert_allclose(Posterior(known, at).mean(new), kriging(known, new, at)[0], rtol=1e-6)


def test_paths_scatter_around_the_mean_as_ordinary_kriging_says(known, new):
    random, posterior = np.random.default_rng(0), Posterior(known, PLACE)
    # One call draws its products of effects once for all of its paths.
    calls = [posterior.paths(new, 40, random) for _ in range(400)]
    mean, together = kriging(known, new)
    # Five standard errors over the calls, which are independent of each other.
    means = np.array([paths.mean(axis=0) for paths in calls])
    np.testing.assert_array_less(np.abs(means.mean(axis=0) - mean), 5 * means.std(axis=0) / 20)
    products = np.array([(paths - mean).T @ (paths - mean) / 40 for paths in calls])
    tolerance = 5 * products.std(axis=0) / 20
    np.testing.assert_array_less(np.abs(products.mean(axis=0) - together), tolerance)
    assert tolerance.max() < 0.15 * np.diag(together).max()


def test_what_the_others_say_of_a_trial_is_what_they_say_without_it(known):
    means, variances = Posterior(known, PLACE).left_out()
    for trial in range(20):
        others = known.among(np.delete(np.arange(20), trial))
        mean, variance = kriging(others, known.points[[trial]])
        assert means[trial] == pytest.approx(mean[0], rel=1e-5)
        assert variances[trial] == pytest.approx(variance[0, 0] + 0.05 * known.noise[trial], rel=1e-5)


def test_fitted_values_are_the_posterior_at_the_known_points(known):
    means, variances = Posterior(known, PLACE).fitted()
    np.testing.assert_allclose(means, Posterior(known, PLACE).mean(known.points), atol=1e-6)
    np.testing.assert_allclose(variances, np.diag(kriging(known, known.points)[1]), rtol=1e-5)


def test_many_points_at_once_are_the_same_as_one_by_one(known, new, monkeypatch):
    posterior = Posterior(known, PLACE)
    whole = posterior.mean(new)
    monkeypatch.setattr(effects, "CHUNK", 50)  # rows of 20 trials: two points at a time
    np.testing.assert_allclose(posterior.mean(new), whole, rtol=1e-12)
    np.testing.assert_allclose([posterior.mean(one[None])[0] for one in new], whole, rtol=1e-12)


def test_variants_of_points_have_the_means_and_the_paths_of_any_points(known, new, monkeypatch):
    posterior, random = Posterior(known, PLACE), np.random.default_rng(4)
    moved = [new[:3].copy(), new[:3].copy()]
    moved[0][:, 0], moved[1][:] = random.random(3), known.points[5:8]
    points = np.concatenate([new, *moved])
    monkeypatch.setattr(effects, "CHUNK", 50)
    variants = Variants(points, 3, 2)
    np.testing.assert_allclose(posterior.mean(variants), posterior.mean(points), rtol=1e-12)
    one, other = (posterior.paths(which, 5, np.random.default_rng(1)) for which in (variants, points))
    np.testing.assert_allclose(one, other, rtol=1e-10)


def test_means_without_a_part_of_the_trials_are_those_of_a_posterior_that_never_saw_it(known, new):
    posterior = Posterior(known, PLACE)
    dealt = np.random.default_rng(3).permutation(len(known.values)) % 3
    rest = [np.arange(len(dealt)), *(np.flatnonzero(dealt != part) for part in range(3))]
    expected = [Posterior(known.among(some), PLACE).mean(new) for some in rest]
    np.testing.assert_allclose(posterior.means_parted(new, 3), expected, rtol=1e-9)


def test_other_values_and_noise_are_as_good_as_a_posterior_of_them(known, new):
    other = replace(known, values=known.values[::-1], noise=known.noise * 3.0)
    given = Posterior(known, PLACE).given(other)
    np.testing.assert_allclose(given.mean(new), Posterior(other, PLACE).mean(new), rtol=1e-12)


def test_a_trial_of_a_hundred_times_the_variance_hardly_moves_the_mean(known):
    def moved(noise):
        """By how much the mean at the first trial follows a change of its value."""
        relative = np.where(np.arange(20) == 0, noise, 1.0)
        raised = known.values + (np.arange(20) == 0)
        means = [Posterior(Known(BASIS, known.points, values, relative), PLACE) for values in (known.values, raised)]
        return np.diff([mean.mean(known.points[:1])[0] for mean in means])[0]

    assert moved(1.0) > 0.3
    assert moved(100.0) < 0.05


def test_the_fit_is_that_of_leaving_out_each_trial_in_turn(known):
    found = fit_surrogate(known.points, known.values, BASIS, seed=0)
    points, values, baseline, missed = found.known.points, found.known.values, 0.0, 0.0
    for trial in range(20):
        rest = np.delete(np.arange(20), trial)
        mean = Posterior(found.known.among(rest), found.mode).mean(points[[trial]])[0]
        missed += (values[trial] - mean) ** 2
        baseline += (values[trial] - values[rest].mean()) ** 2
    assert found.fit == pytest.approx(1.0 - missed / baseline, rel=1e-5)


def test_a_smooth_function_is_interpolated_in_its_own_unit():
    random, truth = np.random.default_rng(1), lambda points: 300 + 50 * np.sin(5 * points[:, 0]) * (points[:, 1] - 0.5)
    points, there = (np.column_stack([random.random(n), random.integers(0, 3, n)]) for n in (90, 60))
    found = fit_surrogate(points, truth(points), BASIS, seed=0)
    guess = found.centre + found.unit * found.condition(found.mode).mean(there)
    np.testing.assert_allclose(guess, truth(there), atol=0.02 * truth(there).std())
    assert found.fit > 0.999


def test_replicates_that_scatter_as_much_as_the_trials_leave_nothing_to_explain():
    random = np.random.default_rng(2)
    points, values = np.column_stack([random.random(60), random.integers(0, 3, 60)]), random.normal(size=60)
    found = fit_surrogate(points, values, BASIS, seed=0, error=values.var())
    assert found.known.expected == pytest.approx(1.0)
    assert found.condition(found.mode).mean(points).std() < 0.3


def test_the_unit_of_the_response_and_where_it_starts_do_not_matter(known):
    found = fit_surrogate(known.points, known.values, BASIS, seed=0, noise=known.noise, error=0.1)
    other = fit_surrogate(known.points, 40 - 3 * known.values, BASIS, seed=0, noise=known.noise, error=0.9)
    np.testing.assert_allclose(other.known.values, -found.known.values, atol=1e-12)
    assert other.known.expected == pytest.approx(found.known.expected)
    assert (other.centre, other.unit) == (pytest.approx(40.0), pytest.approx(3.0))
    np.testing.assert_allclose(other.mode, found.mode, atol=1e-3)


def planted(known, gains, heights=(0.0,)):
    bounds = NegativeLogPosterior(known).bounds
    modes = tuple(Mode(PLACE + place, np.zeros((6, 6)), height, bounds) for place, height in enumerate(heights))
    return Surrogate(known, modes, np.array(gains))


def test_a_factor_sleeps_in_as_many_draws_as_the_trials_leave_open(known):
    # Odds of exp(gain / 2) for being awake: 1 in 4 at twice the log of a third.
    drawn = np.array(planted(known, [2 * np.log(1 / 3), 100.0]).draws(16, np.random.default_rng(0)))
    assert (drawn[:, 0] == ASLEEP).sum() == 12
    assert (drawn[:, 1] == PLACE[1]).all()
    drawn = np.array(planted(known, [-200.0, 0.0]).draws(16, np.random.default_rng(0)))
    assert (drawn[:, 0] == ASLEEP).all()
    assert (drawn[:, 1] == ASLEEP).sum() == 8


def test_modes_are_drawn_as_often_as_they_are_high(known):
    drawn = np.array(planted(known, [100.0, 100.0], heights=(0.0, np.log(1 / 3))).draws(4000, np.random.default_rng(0)))
    # A quarter of 4000, within five standard deviations of a binomial number.
    assert (drawn[:, -1] == PLACE[-1] + 1).sum() == pytest.approx(1000, abs=5 * np.sqrt(4000 * 3 / 16))


def test_equal_trials_and_an_equal_seed_give_an_equal_surrogate(known, new):
    one, two = (fit_surrogate(known.points, known.values, BASIS, seed=3) for _ in range(2))
    assert (one.mode == two.mode).all()
    paths = [found.condition(found.mode).paths(new, 3, np.random.default_rng(0)) for found in (one, two)]
    assert (paths[0] == paths[1]).all()


def test_of_more_trials_than_can_be_used_some_are_used_with_all_that_belongs_to_them(known, new, monkeypatch):
    monkeypatch.setattr(module, "FITTED", 12)
    monkeypatch.setattr(module, "CONDITIONED", 15)
    found = fit_surrogate(known.points, known.values, BASIS, seed=0, noise=known.noise)
    used = [np.flatnonzero((known.points == point).all(axis=1))[0] for point in found.known.points]
    assert len(set(used)) == 15
    np.testing.assert_allclose(found.known.values, known.values[used], atol=1e-12)
    np.testing.assert_array_equal(found.known.noise, known.noise[used])
    assert np.isfinite(found.condition(found.mode).paths(new, 4, np.random.default_rng(0))).all()
    assert np.isfinite(found.fit)


def test_a_subset_without_the_one_rare_event_still_gives_finite_answers(known, monkeypatch):
    monkeypatch.setattr(module, "FITTED", 8)
    found = fit_surrogate(known.points, np.eye(20)[3], BASIS, seed=0)
    assert np.isfinite(found.mode).all()
    assert np.isfinite(found.condition(found.mode).paths(known.points, 4, np.random.default_rng(0))).all()
