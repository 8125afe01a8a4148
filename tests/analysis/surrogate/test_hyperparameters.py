import numpy as np
import pytest
from scipy.linalg import helmert
from scipy.optimize import OptimizeResult, minimize
from scipy.special import expit
from scipy.stats import multivariate_normal

from gradstudy.analysis.space.coordinates import INACTIVE
from gradstudy.analysis.surrogate import hyperparameters as module
from gradstudy.analysis.surrogate.effects import ASLEEP, Basis, Strengths, covariance
from gradstudy.analysis.surrogate.hyperparameters import (
    JITTER,
    Known,
    Mode,
    NegativeLogPosterior,
    as_much_by_chance,
    find_modes,
    gains,
    mode_at,
)

BASIS = Basis((np.array([0.0, 1.0, 2.0]), np.array([]), np.array([0.0, 1.0])))
"""A choice, a number and another choice: three log variances, a decay, two weights, and the noise or scale."""
PLACES = [
    np.array([*np.log([0.5, 0.8, 0.2]), -0.5, *np.log([1.0, 0.5]), np.log(0.2)]),
    np.array([*np.log([0.05, 2.0, 0.9]), 1.0, *np.log([0.3, 2.0]), np.log(1.5)]),
    np.array([*np.log([1.5, 0.01, 0.3]), -2.0, *np.log([2.0, 0.1]), np.log(0.05)]),
]
STARTS = ((0.05, 1.0), (0.3, 1.0), (0.3, 0.2), (1.0, 0.05))


def known_of(*, odds=False, expected=None):
    random = np.random.default_rng(0)
    points = np.column_stack([np.arange(18) % 3, random.random(18), random.integers(0, 2, 18)]).astype(float)
    points[points[:, 2] == 0.0, 1] = INACTIVE
    return Known(BASIS, points, random.normal(size=18), random.uniform(0.3, 3.0, 18), expected, odds)


def log_density(known, at):
    """Of the values' contrasts, which the constant does not reach, in an orthonormal basis of them."""
    strengths, functions = Strengths.of(known.basis, at, odds=known.odds), known.basis(known.points)
    whole, contrasts = covariance(functions, functions, strengths), helmert(len(known.values))
    whole += np.diag(strengths.noise * known.noise + JITTER * np.trace(whole) / len(whole))
    return multivariate_normal(cov=contrasts @ whole @ contrasts.T).logpdf(contrasts @ known.values)


def log_prior(objective, at):
    return -(((at - objective.prior_mean) / objective.prior_sd) ** 2).sum() / 2


@pytest.mark.parametrize(("odds", "expected"), [(False, None), (False, 0.3), (True, None)])
def test_the_objective_is_minus_the_log_density_of_the_contrasts_and_of_the_prior(odds, expected):
    known = known_of(odds=odds, expected=expected)
    objective = NegativeLogPosterior(known)
    rest = [objective(at)[0] + log_density(known, at) + log_prior(objective, at) for at in PLACES]
    np.testing.assert_allclose(rest, rest[0], rtol=1e-9)


@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize(("odds", "expected"), [(False, None), (False, 0.3), (True, None)])
def test_the_gradient_of_the_objective_is_that_of_finite_differences(at, odds, expected):
    objective, step = NegativeLogPosterior(known_of(odds=odds, expected=expected)), 1e-5
    slopes = [(objective(at + shift)[0] - objective(at - shift)[0]) / (2 * step) for shift in step * np.eye(7)]
    np.testing.assert_allclose(objective(at)[1], slopes, rtol=1e-4, atol=1e-5)


def test_a_constant_added_to_all_values_changes_nothing():
    known = known_of()
    raised = Known(BASIS, known.points, known.values + 7.0, known.noise)
    for at in PLACES:
        assert NegativeLogPosterior(raised)(at)[0] == pytest.approx(NegativeLogPosterior(known)(at)[0], rel=1e-9)


def test_replicates_say_which_noise_to_expect():
    noise = [NegativeLogPosterior(known_of(expected=expected)) for expected in (None, 0.02)]
    assert noise[1].prior_mean[-1] == pytest.approx(np.log(0.02))
    assert noise[1].prior_sd[-1] < noise[0].prior_sd[-1]
    np.testing.assert_array_equal(noise[1].prior_mean[:-1], noise[0].prior_mean[:-1])


def test_the_first_mode_is_the_best_that_any_start_reaches_and_the_others_are_lower(monkeypatch):
    left, reached = [], []

    class Watched(NegativeLogPosterior):
        def climb(self, start):
            left.append(start)
            reached.append(super().climb(start))
            return reached[-1]

    monkeypatch.setattr(module, "NegativeLogPosterior", Watched)
    known = known_of(expected=0.3)
    modes, objective = find_modes(known, STARTS), NegativeLogPosterior(known)
    heights = [objective(mode.at)[0] for mode in modes]
    expected = [[variance, variance, variance, 0.3 * noise] for variance, noise in STARTS]
    np.testing.assert_allclose(np.exp([[*start[:3], start[-1]] for start in left]), expected)
    assert heights[0] == pytest.approx(min(found.fun for found in reached), rel=1e-12)
    assert heights == sorted(heights)
    assert all(np.diff(heights) > 0.0)


def test_places_as_high_as_one_another_count_once_and_places_far_below_not_at_all(monkeypatch):
    known = known_of()
    heights = iter([4.0, 1.0, 20.0, 1.01])  # minus the log posterior

    class Planted(NegativeLogPosterior):
        def climb(self, start):
            fun = next(heights)
            return OptimizeResult(x=self.prior_mean + fun / 10, fun=fun)

    monkeypatch.setattr(module, "NegativeLogPosterior", Planted)
    modes = find_modes(known, STARTS)
    np.testing.assert_allclose(
        [mode.at - NegativeLogPosterior(known).prior_mean for mode in modes], [[0.1] * 7, [0.4] * 7]
    )


def test_no_place_beside_a_mode_is_more_probable():
    known = known_of(expected=0.3)
    mode, objective = find_modes(known)[0], NegativeLogPosterior(known)
    near = mode.at + 0.2 * np.random.default_rng(0).normal(size=(60, 7))
    assert min(objective(np.clip(one, *objective.bounds.T))[0] for one in near) > objective(mode.at)[0] - 1e-5


def test_without_trials_to_speak_of_the_shape_of_a_mode_is_the_prior():
    # Two trials of one point: their contrast holds nothing of any effect, and noise so large says nothing of itself.
    known = Known(BASIS, np.array([[0.0, 0.5, 1.0]] * 2), np.zeros(2), np.ones(2))
    objective = NegativeLogPosterior(known)
    spread = mode_at(objective, objective.prior_mean).spread
    sizes = np.sqrt((spread**2).sum(axis=1))
    np.testing.assert_allclose(sizes, objective.prior_sd, rtol=1e-3)


def test_the_spread_around_a_mode_is_the_inverse_curvature_where_that_is_stronger_than_the_prior():
    random = np.random.default_rng(3)
    points = np.column_stack([np.arange(90) % 3, random.random(90), random.integers(0, 2, 90)]).astype(float)
    values = np.sin(5 * points[:, 1]) + points[:, 2] * points[:, 0] + 0.3 * random.normal(size=90)
    objective = NegativeLogPosterior(Known(BASIS, points, (values - values.mean()) / values.std(), np.ones(90)))
    mode = mode_at(objective, objective.climb(objective.prior_mean).x)
    inverse = np.linalg.inv(mode.spread @ mode.spread.T)
    curvature = np.array([(objective(mode.at + s)[1] - objective(mode.at - s)[1]) / 2e-4 for s in 1e-4 * np.eye(7)])
    # The noise is what 90 trials know best: its own curvature is far above its prior's.
    assert curvature[-1, -1] > 10 / objective.prior_sd[-1] ** 2
    assert inverse[-1, -1] == pytest.approx(curvature[-1, -1], rel=0.02)
    assert (np.linalg.eigvalsh(objective.prior_sd[:, None] * inverse * objective.prior_sd) > 1.0 - 1e-9).all()


@pytest.mark.parametrize("at", PLACES)
def test_no_direction_is_wider_than_its_prior_even_where_the_trials_bend_the_other_way(at):
    objective = NegativeLogPosterior(known_of())
    spread = mode_at(objective, at).spread / objective.prior_sd[:, None]
    curvature = np.array([(objective(at + s)[1] - objective(at - s)[1]) / 2e-4 for s in 1e-4 * np.eye(7)])
    scaled = objective.prior_sd[:, None] * (curvature + curvature.T) / 2 * objective.prior_sd
    assert np.linalg.eigvalsh(scaled).min() < 0.95
    assert np.linalg.eigvalsh(spread @ spread.T).max() == pytest.approx(1.0)


def test_draws_scatter_as_the_spread_says_and_stay_in_bounds():
    random, spread = np.random.default_rng(0), np.array([[1.0, 0.0], [0.6, 0.8]])
    wide = Mode(np.zeros(2), spread, 0.0, np.array([[-50.0, 50.0]] * 2))
    drawn = np.array([wide.draw(random) for _ in range(4000)])
    # A covariance of 4000 draws is right to 1/sqrt(4000), times 5.
    np.testing.assert_allclose(np.cov(drawn.T), [[1.0, 0.6], [0.6, 1.0]], atol=0.11)
    narrow = Mode(np.zeros(2), spread, 0.0, np.array([[-0.5, 0.5], [0.0, 2.0]]))
    drawn = np.array([narrow.draw(random) for _ in range(500)])
    assert drawn.min(axis=0).tolist() == [-0.5, 0.0]
    assert drawn[:, 0].max() == 0.5
    assert drawn[:, 1].max() <= 2.0


def screen_of(rule, count=96, seed=7):
    """Four choices of two levels and a number, of which the last choice and the number do nothing."""
    random = np.random.default_rng(seed)
    points = np.column_stack([random.integers(0, 2, (count, 4)), random.random(count)]).astype(float)
    values = rule(points) + 0.3 * random.normal(size=count)
    basis = Basis((*[np.array([0.0, 1.0])] * 4, np.array([])))
    return Known(basis, points, (values - values.mean()) / values.std(), np.ones(count))


def test_a_cause_that_acts_only_together_with_another_is_gained_by_and_a_null_factor_is_not():
    # An exclusive or: the mean of every level of either factor is the same.
    known = screen_of(lambda points: (points[:, 0] != points[:, 1]) + 0.5 * points[:, 2])
    found = gains(known, find_modes(known)[0].at)
    assert found[:3].min() > 20.0
    assert found[3:].max() < 4.0  # chi-square of 1: 1 in 40 beyond
    assert np.median(found[3:]) < 1.0


def test_dealing_levels_anew_never_does_as_much_as_a_cause_and_often_as_much_as_a_null_factor():
    found = []
    for seed in (7, 8, 9):
        known = screen_of(lambda points: (points[:, 0] != points[:, 1]) + 0.5 * points[:, 2], seed=seed)
        at = find_modes(known)[0].at
        found.append([as_much_by_chance(known, at, factor, np.random.default_rng(1)) for factor in range(5)])
    causes, nulls = np.array(found)[:, :3], np.array(found)[:, 3:]
    assert (causes == 1 / (module.DEALS + 1)).all()
    # Uniform between 0 and 1: two of six at .05 or below once in 30 times, a median below .2 once in 10.
    assert (nulls <= 0.05).sum() <= 1
    assert np.median(nulls) > 0.2


def test_levels_are_dealt_anew_only_where_a_factor_lives(monkeypatch):
    known, dealt = known_of(), []
    monkeypatch.setattr(module, "_most_probable", lambda given, *others: dealt.append(given.points[:, 1]) or 0.0)
    as_much_by_chance(known, PLACES[0], 1, np.random.default_rng(0))
    before = known.points[:, 1]
    assert len(dealt) == module.DEALS + 1
    assert all(((column == INACTIVE) == (before == INACTIVE)).all() for column in dealt)
    assert all(sorted(column) == sorted(before) for column in dealt)
    assert any((column != before).any() for column in dealt[1:])


def test_what_is_gained_is_twice_the_log_ratio_of_the_best_with_the_factor_and_the_best_without():
    known = screen_of(lambda points: points[:, 0] + 0.5 * points[:, 1], count=48)
    objective, at = NegativeLogPosterior(known), find_modes(known)[0].at
    others = [np.arange(len(at)) != factor for factor in range(5)]

    def improbable(place, factor):
        """Of the trials, and of everything else in its prior."""
        away = ((place - objective.prior_mean) / objective.prior_sd)[others[factor]]
        return away @ away / 2 - log_density(known, place)

    def best_without(factor):
        def of_rest(rest):
            return improbable(np.insert(rest, factor, ASLEEP), factor)

        bounds = objective.bounds[others[factor]]
        return of_rest(at[others[factor]]), minimize(of_rest, at[others[factor]], bounds=bounds).fun

    found = gains(known, at, steps=200)
    for factor in range(5):
        as_it_is, adapted = (2 * (best - improbable(at, factor)) for best in best_without(factor))
        # Where nothing is gained even before everything else adapts, it need not.
        assert found[factor] == pytest.approx(adapted if as_it_is > 0.0 else as_it_is, abs=0.02)
    assert found[0] > found[1] > 5.0 > found[2:].max()


def test_the_decay_of_a_number_is_read_as_a_logit():
    strengths = Strengths.of(BASIS, PLACES[0], odds=False)
    assert strengths.spectrum[1][1] / strengths.spectrum[1][0] == pytest.approx(expit(-0.5))
