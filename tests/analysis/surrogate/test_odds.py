import numpy as np
import pytest
from scipy.special import expit

from gradstudy.analysis.surrogate import odds as module
from gradstudy.analysis.surrogate.effects import Basis, Strengths, covariance
from gradstudy.analysis.surrogate.gaussian_process import Posterior
from gradstudy.analysis.surrogate.hyperparameters import Known
from gradstudy.analysis.surrogate.odds import fit_chance, propagate

BASIS = Basis((np.array([]), np.array([0.0, 1.0, 2.0]), np.array([])))
NUMBER = Basis((np.array([]),))
PLACE = np.array([0.0, -0.5, 0.0, 0.0, np.log(4.0)])
"""Hyperparameters of one number: its log variance, decay, weights of pairs and triples, and the scale of log odds."""
GRID = np.linspace(-12, 12, 121)


def marginals(points, hits, sizes):
    """Mean and variance of each trial's log odds, by summing over a grid of all of them together."""
    functions = NUMBER(points)
    inverse = np.linalg.inv(covariance(functions, functions, Strengths.of(NUMBER, PLACE, odds=True)))
    # A constant that could be anything, integrated out.
    precision = inverse - np.outer(inverse.sum(axis=0), inverse.sum(axis=1)) / inverse.sum()
    odds = np.stack(np.meshgrid(*[GRID] * len(points), indexing="ij"), axis=-1).reshape(-1, len(points))
    logs = (hits * odds - sizes * np.logaddexp(0.0, odds)).sum(axis=1) - ((odds @ precision) * odds).sum(axis=1) / 2
    weights = np.exp(logs - logs.max())
    mean = weights @ odds / weights.sum()
    return mean, weights @ (odds - mean) ** 2 / weights.sum()


@pytest.mark.parametrize(
    ("hits", "sizes"),
    [([3], [8]), ([13], [30]), ([2, 7], [9, 8]), ([0, 5], [6, 7]), ([1, 4, 8], [9, 8, 9]), ([0, 3, 3], [3, 6, 3])],
)
def test_what_is_told_of_each_trial_is_what_summing_over_all_log_odds_gives(hits, sizes):
    points = np.array([[0.1], [0.45], [0.9]])[: len(hits)]
    hits, sizes = np.array(hits, dtype=float), np.array(sizes, dtype=float)
    known = Known(NUMBER, points, np.zeros(len(hits)), 8.0 / sizes, odds=True)
    mean, variance = Posterior(propagate(known, hits, sizes, PLACE, still=1e-7), PLACE).fitted()
    expected = marginals(points, hits, sizes)
    # That each trial's log odds are normal is what propagation takes for granted, and hardly wrong.
    np.testing.assert_allclose(mean, expected[0], atol=0.01)
    np.testing.assert_allclose(variance, expected[1], rtol=0.02)


def planted(count, surface, seeds=3, seed=0):
    """Coded points of a number, a choice of three and a null number; how many of the seeds hit, and their log odds."""
    random = np.random.default_rng(seed)
    points = np.column_stack([random.random(count), random.integers(0, 3, count), random.random(count)])
    odds = surface(points)
    return points, random.binomial(seeds, expit(odds)).astype(float), np.full(count, float(seeds)), odds


@pytest.mark.parametrize("steep", [6.0, 16.0])
def test_planted_log_odds_are_recovered_without_being_drawn_to_even(steep):
    def surface(points):
        return steep * (points[:, 0] - 0.5) + 2 * (points[:, 1] - 1)

    truths, guesses = [], []
    for seed in range(3):
        points, hits, sizes, odds = planted(300, surface, seed=seed)
        found = fit_chance(points, hits, sizes, BASIS, seed=0)
        guess = found.condition(found.mode).mean(points)
        unsure = np.abs(guess) < 3.0
        truths.append(odds[unsure])
        guesses.append(guess[unsure])
        assert found.gains[:2].min() > 20.0
        assert found.gains[2] < 4.0
    slope, _ = np.polyfit(np.concatenate(guesses), np.concatenate(truths), 1)
    # 1 where the estimates are as steep as the truth; 0.97 and 0.99 over 8 seeds.
    assert 0.8 < slope < 1.25


def test_an_edge_that_two_factors_make_together_is_seen():
    # An exclusive or: half of every level of either comes to the end.
    points, hits, sizes, _ = planted(240, lambda points: 8 * ((points[:, 0] > 0.5) == (points[:, 1] == 1)) - 4.0)
    keep = points[:, 1] < 2
    basis = Basis((np.array([]), np.array([0.0, 1.0]), np.array([])))
    found = fit_chance(points[keep], hits[keep], sizes[keep], basis, seed=0)
    assert found.gains[:2].min() > 20.0
    assert found.gains[2] < 4.0


def test_a_level_of_which_all_members_come_to_the_end_and_no_others_has_finite_log_odds():
    points, _, sizes, _ = planted(120, lambda points: 0.0 * points[:, 0])
    hits = 3.0 * (points[:, 1] == 2)
    found = fit_chance(points, hits, sizes, BASIS, seed=0)
    guess, variance = found.condition(found.mode).fitted()
    assert np.isfinite([guess, variance]).all()
    assert ((guess > 2.0) == (hits > 0)).all()
    assert ((guess < -2.0) == (hits == 0)).all()
    assert found.gains[1] > 20.0
    assert np.isfinite(found.condition(found.mode).paths(points, 8, np.random.default_rng(0))).all()


def test_a_few_hits_among_five_hundred_trials_are_rare_everywhere_but_where_they_are():
    points, _, sizes, _ = planted(500, lambda points: 0.0 * points[:, 0])
    hits = np.zeros(500)
    hits[np.argsort(points[:, 0])[-5:]] = 1.0
    found = fit_chance(points, hits, sizes, BASIS, seed=0)
    chance = expit(found.condition(found.mode).mean(points))
    assert np.isfinite(found.known.values).all()
    # As many as there were: 5 of 1500 members.
    assert chance.mean() == pytest.approx(5 / 1500, rel=0.5)
    assert chance[hits > 0].min() > 10 * chance[points[:, 0] < 0.5].max()


def test_what_seeds_say_of_trials_beyond_those_that_were_fitted_counts_as_well(monkeypatch):
    monkeypatch.setattr(module, "FITTED", 60)
    monkeypatch.setattr(module, "CONDITIONED", 150)
    points, hits, sizes, odds = planted(200, lambda points: 8 * (points[:, 0] - 0.5))
    found = fit_chance(points, hits, sizes, BASIS, seed=0)
    assert len(found.known.values) == 150
    used = [np.flatnonzero((points == point).all(axis=1))[0] for point in found.known.points]
    assert np.corrcoef(found.condition(found.mode).mean(points[used]), odds[used])[0, 1] > 0.95


def test_equal_trials_and_an_equal_seed_give_equal_log_odds():
    points, hits, sizes, _ = planted(60, lambda points: 8 * (points[:, 0] - 0.5))
    one, two = (fit_chance(points, hits, sizes, BASIS, seed=0) for _ in range(2))
    assert (one.mode == two.mode).all()
    assert (one.known.values == two.known.values).all()
    assert (one.gains == two.gains).all()
