"""The design of a screen: balanced, stratified, randomised, and the same whenever it is asked for."""

from collections import Counter
from itertools import combinations, product
from math import log

import numpy as np
import pytest
from scipy.stats import qmc

from gradstudy.records import Factor
from gradstudy.search.screen.design import design
from gradstudy.search.screen.quality import quality

ACTIVATION = Factor("activation", ("tanh", "relu", "selu"))
CLIPPING = Factor("clipping", (True, False))
DEPTH = Factor("depth", (1, 3, 5, 7, 9))
GAIN = Factor("gain", low=0.5, high=2.0)
RATE = Factor("rate", low=1e-4, high=1e-1, log=True)
WIDTH = Factor("width", low=3, high=12, integer=True)
BATCH = Factor("batch", low=1, high=64, log=True, integer=True)
FACTORS = (ACTIVATION, CLIPPING, DEPTH, GAIN, RATE, WIDTH, BATCH)
SIZES = (1, 2, 7, 30, 64, 128)


def column(factor, rows):
    return [row[factor.name] for row in rows]


def shares(factor, rows):
    """Where in its range each value lies, from 0 to 1: the inverse of how a number is drawn."""
    values = np.array(column(factor, rows), dtype=float)
    if factor.log:
        return np.log(values / factor.low) / log(factor.high / factor.low)
    return (values - factor.low) / (factor.high - factor.low)


@pytest.mark.parametrize("blocks", [(size,) for size in SIZES] + [(32, 96), (10, 1, 53), (5, 5, 5)])
@pytest.mark.parametrize("factor", [ACTIVATION, CLIPPING, DEPTH])
def test_levels_are_balanced_to_within_one_in_every_block(factor, blocks):
    rows = design(FACTORS, blocks, seed=3)
    for size in blocks:
        block, rows = rows[:size], rows[size:]
        counts = Counter(column(factor, block))
        assert all(
            size // len(factor.levels) <= counts[level] <= -(-size // len(factor.levels)) for level in factor.levels
        )
    assert rows == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("factor", [GAIN, RATE])
def test_every_stratum_of_a_range_holds_one_number(factor, size):
    # six digits may carry a number that lies at its stratum's very edge across it
    places = np.sort(shares(factor, design(FACTORS, [size], seed=5))) * size
    assert np.all(places > np.arange(size) - 1e-3)
    assert np.all(places < np.arange(size) + 1 + 1e-3)


def test_numbers_are_jittered_inside_their_strata():
    inside = np.concatenate([shares(GAIN, design(FACTORS, [64], seed)) * 64 % 1 for seed in range(10)])
    assert np.histogram(inside, bins=4, range=(0, 1))[0] == pytest.approx(160, abs=50)  # 4.6 standard deviations


def test_whole_numbers_are_spread_evenly_with_both_ends():
    counts = Counter(column(WIDTH, design(FACTORS, [200], seed=1)))
    assert set(counts) == set(range(3, 13))
    assert all(abs(count - 20) <= 1 for count in counts.values())


def test_whole_numbers_on_a_log_scale_get_the_share_of_their_piece():
    counts = Counter(column(BATCH, design(FACTORS, [512], seed=1)))
    for value in range(1, 65):
        assert abs(counts[value] - 512 * log((value + 1) / value) / log(65)) <= 2
    assert all(isinstance(value, int) for value in counts)


def test_another_block_changes_no_row_before_it():
    whole = design(FACTORS, [10, 22, 96], seed=7)
    assert len(whole) == 128
    assert whole[:32] == design(FACTORS, [10, 22], seed=7)
    assert whole[:10] == design(FACTORS, [10], seed=7)


def test_every_row_has_a_level_of_its_own_type_for_every_factor():
    types = dict(zip((factor.name for factor in FACTORS), (str, bool, int, float, float, int, int), strict=True))
    for row in design(FACTORS, [16], seed=0):
        assert {name: type(level) for name, level in row.items()} == types


def test_the_same_seed_gives_the_same_trials_and_others_give_others_and_other_levels_first():
    designs = [design(FACTORS, [16], seed) for seed in range(20)]
    assert len({repr(rows) for rows in designs}) == 20
    assert repr(designs[11]) == repr(design(FACTORS, [16], seed=11))
    assert len({rows[0]["activation"] for rows in designs}) == 3
    assert len({tuple(column(ACTIVATION, rows)) for rows in designs}) == 20


def test_a_level_is_assigned_to_a_trial_with_equal_chance():
    counts = Counter(design([ACTIVATION, GAIN], [4], seed)[2]["activation"] for seed in range(600))
    assert all(abs(counts[level] - 200) < 5 * (600 * 2 / 9) ** 0.5 for level in ACTIVATION.levels)


def test_which_level_comes_once_more_is_random():
    more = Counter(Counter(column(ACTIVATION, design([ACTIVATION], [4], s))).most_common(1)[0][0] for s in range(300))
    assert all(abs(more[level] - 100) < 5 * (300 * 2 / 9) ** 0.5 for level in ACTIVATION.levels)


def test_the_order_in_which_levels_are_written_means_nothing():
    # two trials take levels two places apart: in the written order, a would only ever meet c, and b only d
    letters = Factor("letter", tuple("abcd"))
    met = Counter(frozenset(column(letters, design([letters], [2], seed))) for seed in range(300))
    assert set(met) == {frozenset(pair) for pair in combinations("abcd", 2)}
    assert all(abs(times - 50) < 5 * (300 * 5 / 36) ** 0.5 for times in met.values())


def test_numbers_stay_inside_their_range_and_are_short():
    for row in design(FACTORS, [500], seed=2):
        for factor in (GAIN, RATE):
            assert factor.low <= row[factor.name] <= factor.high
            assert float(f"{row[factor.name]:.6g}") == row[factor.name]


def test_a_narrow_range_still_gives_different_numbers():
    narrow = Factor("eps", low=0.9999999, high=1.0)
    values = column(narrow, design([narrow], [100], seed=0))
    assert len(set(values)) == 100
    assert min(values) >= narrow.low
    assert max(values) <= narrow.high


def test_columns_are_nearly_uncorrelated():
    numbers = [Factor(f"x{i}") for i in range(8)]
    for blocks in ([128], [32, 96]):
        rows = design(numbers, blocks, seed=4)
        matrix = np.array([column(factor, rows) for factor in numbers])
        off_diagonal = np.corrcoef(matrix)[np.triu_indices(8, k=1)]
        assert np.sqrt(np.mean(off_diagonal**2)) < 0.5 / np.sqrt(128)  # independent draws: 1/sqrt(n)


def test_pairs_of_levels_meet_more_evenly_than_by_chance():
    factors = [Factor(f"g{i}", tuple("abcd")) for i in range(6)]
    by_chance = 64 / 16 * 15 / 16  # the variance of a count of 64 draws in 16 cells
    deviations = [
        (Counter((row[a.name], row[b.name]) for row in rows)[pair] - 4) ** 2
        for rows in (design(factors, [64], seed) for seed in range(4))
        for a, b in combinations(factors, 2)
        for pair in product("abcd", repeat=2)
    ]
    assert np.mean(deviations) < by_chance / 2


def test_an_extended_design_covers_the_space_as_well_as_one_of_a_piece():
    numbers = [Factor(f"x{i}") for i in range(5)]

    def discrepancy(blocks, seed):
        return qmc.discrepancy(np.array([list(row.values()) for row in design(numbers, blocks, seed)]))

    in_pieces, at_once = (np.mean([discrepancy(b, seed) for seed in range(10)]) for b in ([16, 48], [64]))
    assert in_pieces < 1.5 * at_once


def test_no_trials_are_an_empty_design():
    assert design(FACTORS, [], seed=0) == []


CROSSED = (
    Factor("depth", (4, 8, 16, 32)),
    Factor("gain", low=0.5, high=2.0),
    Factor("activation", ("identity", "relu", "tanh", "sigmoid")),
    Factor("init", ("default", "xavier", "kaiming")),
    Factor("norm", ("none", "layer", "batch")),
)
COMBINATIONS = set(product((4, 8, 16, 32), *(factor.levels for factor in CROSSED[2:])))


def combination(row):
    return tuple(row[factor.name] for factor in CROSSED if factor.levels)


@pytest.mark.parametrize(("size", "fewest", "most"), [(144, 1, 1), (288, 2, 2), (200, 1, 3)])
def test_every_combination_comes_equally_often_as_far_as_the_trials_go_round(size, fewest, most):
    counts = Counter(combination(row) for row in design(CROSSED, [size], seed=1))
    assert set(counts) <= COMBINATIONS
    assert {min(counts[one] for one in COMBINATIONS), max(counts.values())} <= set(range(fewest, most + 1))


def test_every_block_is_a_factorial_of_its_own():
    rows = design(CROSSED, [144, 144], seed=1)
    assert {combination(row) for row in rows[:144]} == {combination(row) for row in rows[144:]} == COMBINATIONS


def test_a_factorial_comes_in_random_order():
    firsts = Counter(combination(design(CROSSED, [144], seed)[0]) for seed in range(60))
    assert max(firsts.values()) <= 5  # of 60 draws from 144: 6 or more of one come once in 100 million


@pytest.mark.parametrize("seed", range(4))
def test_numbers_are_spread_over_every_level_of_a_factorial(seed):
    """The mean of a number under a level strays by less than one standard error of as many independent draws."""
    rows = design(CROSSED, [144], seed)
    for factor in CROSSED:
        for level in factor.levels:
            inside = shares(GAIN, [row for row in rows if row[factor.name] == level])
            assert inside.mean() == pytest.approx(0.5, abs=(1 / 12 / len(inside)) ** 0.5)


def test_a_value_inside_a_group_is_spread_evenly_where_it_lives():
    """In each of the 3 levels' 32 trials it takes every 32nd of its range once, give or take one of 96 strata."""
    threshold = Factor("clipping.max_norm", low=0.1, high=10.0, log=True)
    factors = (Factor("clipping", ("none", "norm", "value")), threshold, GAIN, RATE)
    for seed in range(5):
        rows = design(factors, [96], seed)
        places = np.sort(shares(threshold, [row for row in rows if row["clipping"] == "norm"]))
        assert np.abs(places * 32 - np.arange(0.5, 32)).max() < 0.5 + 1e-3
        assert np.sort(shares(threshold, rows)) * 96 == pytest.approx(np.arange(0.5, 96), abs=0.5 + 1e-3)


def test_a_level_inside_a_group_is_balanced_where_it_lives():
    group, inner = Factor("clipping", ("none", "norm", "value")), Factor("clipping.max_norm", (0.1, 1.0, 10.0, 100.0))
    factors = (group, inner, *(Factor(f"g{i}", tuple("abcd")) for i in range(3)))
    for seed in range(5):
        inside = Counter(row[inner.name] for row in design(factors, [96], seed) if row["clipping"] == "norm")
        assert set(inside.values()) == {8}


def test_a_factorial_may_have_a_level_inside_a_group():
    factors = (Factor("clipping", ("none", "norm")), Factor("clipping.max_norm", (1.0, 10.0)), GAIN)
    rows = design(factors, [8], seed=0)
    assert Counter((row["clipping"], row["clipping.max_norm"]) for row in rows) == dict.fromkeys(
        product(("none", "norm"), (1.0, 10.0)), 2
    )


def correlations(rows, factors):
    """The largest |r| of two columns and of a column with the product of two others, over all contrasts of levels."""
    contrasts = []
    for factor in factors:
        levels, codes = np.unique(column(factor, rows), return_inverse=True)
        shapes = np.eye(len(levels))[codes] if factor.levels else codes[:, None].astype(float)
        contrasts.append((shapes - shapes.mean(axis=0)) / shapes.std(axis=0))

    def largest(one, other):
        return np.abs(one.T @ (other - other.mean(axis=0)) / other.std(axis=0)).max() / len(rows)

    pair = max(largest(one, other) for one, other in combinations(contrasts, 2))
    triple = max(
        largest(contrasts[one], (contrasts[a][:, :, None] * contrasts[b][:, None]).reshape(len(rows), -1))
        for one in range(len(factors))
        for a, b in combinations([other for other in range(len(factors)) if other != one], 2)
    )
    return pair, triple


MANY = (
    *(Factor(f"x{i}") for i in range(4)),
    *(Factor(f"l{k}{i}", tuple("abcd"[:k])) for k in (2, 3, 4) for i in range(2)),
)


@pytest.mark.parametrize("blocks", [[128], [64, 64]])
def test_neither_two_factors_are_in_line_nor_one_and_the_product_of_two_others(blocks):
    """Against permutations of the same columns, each on its own: what an independent assignment would give."""
    random = np.random.default_rng(0)
    ours = np.array([correlations(design(MANY, blocks, seed), MANY) for seed in range(3)])
    rows = design(MANY, [128], seed=0)
    shuffled = []
    for _ in range(3):
        columns = {factor.name: random.permutation(np.array(column(factor, rows), dtype=object)) for factor in MANY}
        shuffled.append(
            correlations([dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)], MANY)
        )
    pair, triple = np.mean(shuffled, axis=0) / ours.mean(axis=0)
    assert pair > 1.5
    assert triple > 1.3


def test_no_three_numbers_of_a_large_design_are_in_line():
    """Scrambled Sobol columns had r = .4 and more between a column and the product of two others at 256 trials."""
    numbers = [Factor(f"x{i}") for i in range(8)]
    for seed in range(3):
        assert max(correlations(design(numbers, [256], seed), numbers)) < 3 / 256**0.5


SMALL = (
    Factor("optimizer", ("sgd", "adam")),
    Factor("optimizer.momentum", low=0.0, high=0.99),
    Factor("optimizer.eps", low=1e-10, high=1e-2, log=True),
    Factor("activation", ("relu", "tanh", "elu", "selu")),
    Factor("lr.value", low=1e-4, high=1.0, log=True),
    Factor("dummy"),
)
INSIDE = {"sgd": "optimizer.momentum", "adam": "optimizer.eps"}


@pytest.mark.parametrize("seed", range(4))
def test_sixteen_trials_with_values_that_live_in_half_of_them_are_not_in_line(seed):
    """Sobol columns had activation and lr in line at .86 here, whatever the seed."""
    rows = design(SMALL, [16], seed, lambda choices: {INSIDE[choices["optimizer"]]})
    lived = [
        {n: v for n, v in row.items() if n not in INSIDE.values() or INSIDE[row["optimizer"]] == n} for row in rows
    ]
    found = quality(SMALL, lived)
    assert found.everywhere.strength < 0.25  # what independent draws of two numbers give in the mean: 1/sqrt(16)
    assert (
        found.conditional.strength < 0.7
    )  # of 4 levels and a number in 8 trials they give sqrt(3/7) = .65 in the mean
    for name in INSIDE.values():
        factor = next(one for one in SMALL if one.name == name)
        places = np.sort(shares(factor, [row for row in lived if name in row]))
        assert np.abs(places * 8 - np.arange(0.5, 8)).max() < 0.5 + 1e-3


def test_values_that_live_elsewhere_do_not_count():
    """Momentum lives in half of the trials, and is not in line with lr in those."""
    factors = SMALL[:2] + SMALL[4:]
    for seed in range(3):
        rows = design(factors, [128], seed, lambda choices: {INSIDE[choices["optimizer"]]})
        inside = [row for row in rows if row["optimizer"] == "sgd"]
        pair = np.corrcoef([shares(factors[1], inside), shares(factors[2], inside)])[0, 1]
        assert abs(pair) < 0.05
