"""Shares by draws: of models that are known functions, whose shares are known by algebra."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import qmc

from gradstudy.analysis.ranking.sobol_indices import HYPERDRAWS, Swaps, effect_draws, whole_draws
from gradstudy.analysis.space.coordinates import INACTIVE, FactorSpace, Rule
from gradstudy.analysis.surrogate.effects import Basis, Variants
from gradstudy.analysis.surrogate.gaussian_process import fit_surrogate
from gradstudy.analysis.surrogate.model import Smooth
from gradstudy.records import Factor

NUMBER, COIN, THREE = np.array([]), np.arange(2.0), np.arange(3.0)


def space_of(*codes, rules=None):
    factors = tuple(Factor(f"f{which}", tuple(map(str, known))) for which, known in enumerate(codes))
    return FactorSpace(factors, codes, rules or {})


@dataclass(frozen=True)
class Curve:
    """A function of coded points that is known for certain, but for a scatter over paths where `doubt` gives one."""

    function: object
    doubt: object = None

    def mean(self, points):
        return self.function(points_in(points))

    def means_parted(self, points, parts):
        return np.tile(self.mean(points), (1 + parts, 1))

    def drawn(self, count, random):
        scatter = random.standard_normal((count, 1))

        def at(points):
            known = np.tile(self.mean(points), (count, 1))
            return known if self.doubt is None else known + scatter * self.doubt(points_in(points))

        return at


def points_in(points):
    return points.points if isinstance(points, Variants) else points


@dataclass(frozen=True)
class KnownModel:
    """A model whose draws are all the same curve, whatever its hyperparameters."""

    curve: Curve
    fit: float = 1.0
    p: np.ndarray = field(default_factory=lambda: np.empty(0))

    def typical(self):
        return self.curve

    def draws(self, count, random):
        return iter([self.curve] * count)


def shares_of(function, space, *, draws=32, seed=0, doubt=None):
    return effect_draws(KnownModel(Curve(function, doubt)), space, draws=draws, seed=seed)


def middle(draws):
    return draws.mean(axis=0)


# Of a function that is known the control variate takes every error of the few points away, so that what is left is that
# of 16 x 128 swapped and 8192 divided Sobol points. Independent ones would err by sqrt(2 / 2048) = .03 of a total and
# by .01 of a first; Sobol's do some five times better, and numbers lose 1/256 of what lies within 16 bins.
TOTAL, FIRST = 0.006, 0.012


def test_a_sum_has_its_variances_as_totals_and_as_firsts():
    space = space_of(NUMBER, COIN, THREE)
    found = shares_of(lambda at: 3 * at[:, 0] + at[:, 1] - at[:, 2], space)
    truth = np.array([9 / 12, 1 / 4, 2 / 3]) / (9 / 12 + 1 / 4 + 2 / 3)
    assert middle(found.total) == pytest.approx(truth, abs=TOTAL)
    assert middle(found.first) == pytest.approx(truth, abs=FIRST)
    assert middle(found.everywhere) == pytest.approx(middle(found.total), rel=1e-9)
    assert found.pair_columns == [(0, 1), (0, 2), (1, 2)]
    assert middle(found.pairs) == pytest.approx(np.zeros(3), abs=FIRST)
    assert np.ptp(found.total, axis=0) == pytest.approx(np.zeros(3), abs=1e-9)  # nothing is left open


def test_an_exclusive_or_beside_a_line_is_a_pair_and_no_first():
    """Variances: 1/4 for the exclusive or, 1/12 for the line, none for the last."""
    space = space_of(COIN, COIN, NUMBER, THREE)
    found = shares_of(lambda at: (at[:, 0] != at[:, 1]) + at[:, 2], space)
    assert middle(found.total) == pytest.approx([3 / 4, 3 / 4, 1 / 4, 0.0], abs=TOTAL)
    assert middle(found.first) == pytest.approx([0.0, 0.0, 1 / 4, 0.0], abs=FIRST)
    assert dict(zip(found.pair_columns, middle(found.pairs), strict=True)) == pytest.approx(
        {(0, 1): 3 / 4, **dict.fromkeys([(0, 2), (0, 3), (1, 2), (1, 3), (2, 3)], 0.0)}, abs=FIRST
    )


def test_a_threshold_under_one_level_of_three():
    """y = 3x + u under the last level, 5/2 + u elsewhere: where x lives, variances of 9/12 and 1/12."""
    space = space_of(THREE, NUMBER, NUMBER, rules={1: Rule((0,), np.array([[2.0]]))})
    found = shares_of(lambda at: np.where(at[:, 0] == 2, 3 * at[:, 1], 2.5) + at[:, 2], space)
    level = 1 * 2 / 9  # the mean of 3x is 3/2, for one level in three
    everywhere = level + 9 / 12 / 3 + 1 / 12
    # In total the level also switches x on and off: E(3x - 5/2)^2 (1/3)(2/3).
    totals = [(9 / 12 + 1) * 2 / 9 / everywhere, 9 / 10, 1 / 12 / everywhere]
    assert middle(found.total) == pytest.approx(totals, abs=TOTAL)
    assert middle(found.first) == pytest.approx([level / everywhere, 9 / 10, 1 / 12 / everywhere], abs=FIRST)
    # On the scale of the variance everywhere, x is compared by what it does where it lives.
    assert middle(found.everywhere) == pytest.approx([totals[0], 9 / 12 / everywhere, totals[2]], abs=TOTAL)


def test_a_hurdle_mixes_what_decides_between_its_parts():
    """A logistic edge along x to an end of 10, beside decades along y: shares by sums over a fine grid."""

    def response(at):
        return at[:, 1] + expit(12 * (at[:, 0] - 0.6)) * (10.0 - at[:, 1])

    space = space_of(NUMBER, NUMBER, NUMBER)
    nodes = (np.arange(400) + 0.5) / 400
    cube = response(np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)).reshape(400, 400)
    total = [cube.var(axis=axis).mean() / cube.var() for axis in (0, 1)]
    first = [cube.mean(axis=1 - axis).var() / cube.var() for axis in (0, 1)]
    found = shares_of(response, space)
    assert middle(found.total) == pytest.approx([*total, 0.0], abs=TOTAL)
    assert middle(found.first) == pytest.approx([*first, 0.0], abs=FIRST)
    assert middle(found.pairs)[0] == pytest.approx(1 - sum(first), abs=FIRST)


def test_draws_scatter_with_what_the_model_leaves_open():
    """Paths x + z y with a standard normal z: the share of y is z^2 / (1 + z^2), 1/2 at the median of |z| = .6745."""
    space = space_of(NUMBER, NUMBER)
    found = shares_of(lambda at: at[:, 0], space, draws=512, doubt=lambda at: at[:, 1])
    z = 0.6745
    # The median of 512 draws lies within .05 in probability of the true one (2.3 standard errors).
    for probability, end in ((0.45, np.less), (0.55, np.greater)):
        quantile = np.quantile(found.total[:, 1], probability)
        assert end(quantile, z**2 / (1 + z**2) + (0.02 if end is np.less else -0.02))
    assert np.quantile(found.total[:, 1], 0.9) > 0.6
    assert (found.first <= found.total + 1e-12).all()
    assert (found.total >= 0.0).all()
    assert (found.total <= 1.0).all()


def test_pairs_that_meet_in_a_twenty_fifth_of_the_points_are_left_out_without_a_fault():
    """Two numbers, each under one of five levels of its own: few points meet in both, many more in the control's."""
    five = np.arange(5.0)
    rules = {2: Rule((0,), np.array([[0.0]])), 3: Rule((1,), np.array([[0.0]]))}
    found = shares_of(lambda at: at[:, 0], space_of(five, five, NUMBER, NUMBER, rules=rules))
    assert (2, 3) not in found.pair_columns
    assert len(found.pair_columns) == found.pairs.shape[1] == 5
    assert middle(found.total) == pytest.approx([1.0, 0.0, 0.0, 0.0], abs=TOTAL)


def test_a_surrogates_shares_are_those_of_what_it_was_fitted_to(draw_trials):
    """A Gaussian process of 96 exact trials of (x - 1/2)(y - 1/2) + z/4: .0069 and .0052 of variance."""
    factors = [Factor("x"), Factor("y"), Factor("z")]
    points = draw_trials(factors, 96).to_numpy()
    values = (points[:, 0] - 0.5) * (points[:, 1] - 0.5) + points[:, 2] / 4
    space = space_of(NUMBER, NUMBER, NUMBER)
    model = Smooth(fit_surrogate(points, values, Basis(space.codes), seed=0))
    found = effect_draws(model, space, draws=64, seed=0)
    product, line = 1 / 144, 1 / 16 / 12
    truth = np.array([product, product, line]) / (product + line)
    assert middle(found.total) == pytest.approx(truth, abs=0.02)
    assert middle(found.first) == pytest.approx([0.0, 0.0, truth[2]], abs=0.02)
    assert middle(found.pairs)[0] == pytest.approx(truth[0], abs=0.02)


def test_swapped_effects_are_those_of_a_brute_force_jansen():
    """Half the mean squared change when a column is drawn anew, and the variance of all points with a part in it."""
    space = space_of(THREE, NUMBER, NUMBER, rules={1: Rule((0,), np.array([[0.0], [2.0]]))})
    unit = qmc.Sobol(6, rng=np.random.default_rng(3)).random(64).reshape(64, 2, 3).swapaxes(0, 1)

    def response(points):
        return np.array([np.sin(3 * p[0]) + (p[1] * p[0] if p[1] != INACTIVE else 4.0) + p[2] ** 2 for p in points])

    swaps = Swaps(space, unit, 32)
    totals, variances = swaps.effects(response(swaps.points.points)[None])
    base, other = space.place(unit[0]), space.place(unit[1])
    everything, expected = [response(space.mask(base[:32]))], {}
    for column in range(3):
        start = base[:32].copy()
        if column == 1:
            start[:, 0] = np.where(unit[0, :32, 0] < 0.5, 0.0, 2.0)
        swapped = start.copy()
        swapped[:, column] = other[:32, column]
        here, there = response(space.mask(start)), response(space.mask(swapped))
        expected[column] = ((here - there) ** 2).mean() / 2
        if column == 1:
            assert variances[0, column] == pytest.approx(np.concatenate([here, there]).var())
        else:
            everything.append(there)
    assert totals[0] == pytest.approx([expected[column] for column in range(3)])
    found = np.concatenate(everything).var()
    assert variances[0, [0, 2]] == pytest.approx([found, found])
    assert swaps.unconditional == 0


def test_equal_seeds_give_equal_draws_and_other_seeds_others():
    space = space_of(NUMBER, NUMBER)
    one, again, other = (
        shares_of(lambda at: at[:, 0], space, seed=seed, doubt=lambda at: at[:, 1]) for seed in (0, 0, 1)
    )
    assert (one.total == again.total).all()
    assert (one.pairs == again.pairs).all()
    assert (one.total != other.total).any()


def test_draws_come_in_whole_numbers_for_every_draw_of_the_hyperparameters():
    wanted = (HYPERDRAWS, 2 * HYPERDRAWS - 1, 2 * HYPERDRAWS)
    assert [whole_draws(draws) for draws in wanted] == [HYPERDRAWS, HYPERDRAWS, 2 * HYPERDRAWS]
    assert len(shares_of(lambda at: at[:, 0], space_of(NUMBER), draws=40).total) == 32
