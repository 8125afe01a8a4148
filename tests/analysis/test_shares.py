import numpy as np
import pytest

from gradstudy.analysis.shares import BATCHES, pair_shares, total_shares, whole_batches
from gradstudy.analysis.sources import attribute
from gradstudy.analysis.space import Screen, encode, infer_space
from gradstudy.analysis.surrogate import fit_surrogate
from gradstudy.records import Factor

NUMBERS = [Factor("x"), Factor("y"), Factor("z")]


def fitted(factors, trials, values):
    screen = Screen(tuple(factors), encode(trials, factors), np.asarray(values, dtype=float))
    space = infer_space(screen)
    return fit_surrogate(screen.points, screen.values, space.smooth, seed=0), space


def test_additive_shares_are_the_squared_slopes(draw_trials):
    trials = draw_trials(NUMBERS, 128)
    draws, _ = total_shares(
        *fitted(NUMBERS, trials, 3 * trials["x"] + 2 * trials["y"] - trials["z"]), draws=256, seed=0
    )
    assert draws.shape == (256, 3)
    np.testing.assert_allclose(draws.mean(axis=0), np.array([9, 4, 1]) / 14, atol=0.01)


def test_a_product_of_centred_numbers_is_all_interaction(draw_trials):
    # (x - 1/2)(y - 1/2): no effect alone, all of the variance together.
    trials = draw_trials(NUMBERS, 128)
    surrogate, space = fitted(NUMBERS, trials, (trials["x"] - 0.5) * (trials["y"] - 0.5))
    draws, _ = total_shares(surrogate, space, draws=64, seed=0)
    np.testing.assert_allclose(draws.mean(axis=0), [1.0, 1.0, 0.0], atol=0.03)
    strongest = pair_shares(surrogate, space, seed=0).iloc[0]
    assert (strongest["factor_a"], strongest["factor_b"]) == ("x", "y")
    # Eight bins a side keep (1 - 1/64)^2 of this variance.
    assert strongest["share"] == pytest.approx((1 - 1 / 64) ** 2, abs=0.03)


def test_pairs_of_an_additive_response_share_nothing(draw_trials):
    trials = draw_trials(NUMBERS, 64)
    pairs = pair_shares(*fitted(NUMBERS, trials, trials["x"] - 2 * trials["y"]), seed=0)
    assert len(pairs) == 3
    assert pairs["share"].max() < 0.01


def test_intervals_cover_the_truth_and_shrink_with_trials(draw_trials):
    truth, widths = np.array([9, 4, 1]) / 14, []
    for count in (32, 256):
        trials = draw_trials(NUMBERS, count)
        noisy = 3 * trials["x"] + 2 * trials["y"] - trials["z"] + np.random.default_rng(0).normal(size=count) * 0.3
        draws, _ = total_shares(*fitted(NUMBERS, trials, noisy), draws=256, seed=0)
        low, high = np.quantile(draws, [0.005, 0.995], axis=0)
        # Shares are of the variance that the factors make: the noise is not part of it.
        assert ((low <= truth) & (truth <= high)).all()
        widths.append(high - low)
    assert (widths[1] < 0.6 * widths[0]).all()


def test_a_conditional_share_is_of_the_variance_where_the_factor_lives(mixed_screen):
    factors, trials, values = mixed_screen
    shares = attribute(Screen(tuple(factors), encode(trials, factors), values), draws=128, seed=0)
    found = dict(zip(shares.names, shares.draws.mean(axis=0), strict=True))
    parabola, exclusive, spread = 16 / 45, 1 / 4, 1 / 3
    everywhere = exclusive + parabola + spread / 3
    assert found["threshold"] == pytest.approx(spread / (exclusive + parabola + spread), abs=0.06)
    assert found["u"] == pytest.approx(parabola / everywhere, abs=0.05)
    assert found["a"] == pytest.approx(exclusive / everywhere, abs=0.05)
    effects = dict(zip(shares.names, shares.effects.mean(axis=0), strict=True))
    assert effects["u"] == pytest.approx(found["u"])
    assert effects["threshold"] == pytest.approx(spread / everywhere, abs=0.06)
    # With a threshold drawn, clip moves the response by its square, for the one level in three: x^2 (1/3 - 1/9).
    assert found["clip"] == pytest.approx(spread * 2 / 9 / everywhere, abs=0.05)


def test_equal_seeds_give_equal_draws_and_other_seeds_others(draw_trials):
    trials = draw_trials(NUMBERS, 32)
    known = fitted(NUMBERS, trials, trials["x"] * trials["y"])
    first, again, other = (total_shares(*known, draws=BATCHES, seed=seed)[0] for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_draws_come_in_whole_batches():
    assert [whole_batches(draws) for draws in (BATCHES, 2 * BATCHES - 1, 2 * BATCHES)] == [
        BATCHES,
        BATCHES,
        2 * BATCHES,
    ]
