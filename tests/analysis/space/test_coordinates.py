import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.space.coordinates import INACTIVE, CodedTrials, encode, infer_space
from gradstudy.analysis.space.replicates import EndCounts, ReplicateMeans, Replicates
from gradstudy.errors import InputError
from gradstudy.records import Factor

CLIP = Factor("clip", ("none", "norm"))
THRESHOLD = Factor("threshold")


def space_of(factors, points):
    points = np.array(points, dtype=float)
    return infer_space(CodedTrials(tuple(factors), points, np.zeros(len(points))))


def test_numbers_run_over_the_unit_interval_of_their_scale():
    trials = pd.DataFrame({"lr": [1e-4, 1e-2, 1.0, None], "gain": [2.0, 3.0, 6.0, 4.0]})
    factors = [Factor("lr", low=1e-4, high=1.0, log=True), Factor("gain", low=2, high=6)]
    expected = [[0.0, 0.0], [0.5, 0.25], [1.0, 1.0], [INACTIVE, 0.5]]
    np.testing.assert_allclose(encode(trials, factors), expected, atol=1e-12)


def test_a_whole_number_is_the_middle_of_the_piece_up_to_the_next():
    depth = Factor("depth", low=2, high=6, integer=True)
    # Five pieces of a fifth each.
    coded = encode(pd.DataFrame({"depth": [2, 3, 4, 5, 6]}), [depth])
    np.testing.assert_allclose(coded[:, 0], [0.1, 0.3, 0.5, 0.7, 0.9], atol=1e-12)


def test_a_whole_number_on_a_log_scale_is_the_middle_of_its_piece_there():
    width = Factor("width", low=1, high=7, log=True, integer=True)
    # From log2(1) to log2(8): the piece of n runs from log2(n) / 3 to log2(n + 1) / 3.
    coded = encode(pd.DataFrame({"width": [1, 3, 7]}), [width])
    expected = [(0 + 1) / 6, (np.log2(3) + 2) / 6, (np.log2(7) + 3) / 6]
    np.testing.assert_allclose(coded[:, 0], expected, atol=1e-12)


@pytest.mark.parametrize("log", [False, True])
def test_whole_numbers_that_were_drawn_evenly_have_the_middle_of_their_place_in_the_unit_interval(log):
    factor = Factor("n", low=1, high=31, log=log, integer=True)
    unit = (np.arange(20000) + 0.5) / 20000
    numbers = np.floor(2.0 ** (5 * unit) if log else 1 + 31 * unit)
    coded = encode(pd.DataFrame({"n": numbers}), [factor])[:, 0]
    pieces = pd.DataFrame({"coded": coded, "unit": unit}).groupby(numbers).mean()
    assert len(pieces) == 31
    np.testing.assert_allclose(pieces["coded"], pieces["unit"], atol=1e-4)


@pytest.mark.parametrize("stored", [[4, 16, 8, None], [4.0, 16.0, 8.0, np.nan], ["4", "16", "8", None]])
def test_levels_are_recognised_however_storage_spells_them(stored):
    coded = encode(pd.DataFrame({"depth": stored}), [Factor("depth", (4, 8, 16))])
    assert coded.ravel().tolist() == [0.0, 2.0, 1.0, INACTIVE]


def test_an_unknown_level_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="Did you mean 'norm'"):
        encode(pd.DataFrame({"clip": ["none", "nrom"]}), [CLIP])


def test_the_level_that_decides_where_a_factor_lives_is_found():
    points = [[0, INACTIVE, 0], [1, 0.2, 0], [1, 0.9, 1], [0, INACTIVE, 1]]
    space = space_of([CLIP, THRESHOLD, Factor("other", ("a", "b"))], points)
    assert space.rules[1].parents == (0,)
    masked = space.mask(np.array([[0.0, 0.4, 1.0], [1.0, 0.4, 0.0]]))
    assert masked[:, 1].tolist() == [INACTIVE, 0.4]


def test_two_levels_together_may_decide_where_a_factor_lives():
    pairs = [(a, b) for a in (0, 1) for b in (0, 1)] * 3
    points = [[a, b, 0.5 if (a, b) == (1, 1) else INACTIVE] for a, b in pairs]
    space = space_of([CLIP, Factor("other", ("a", "b")), THRESHOLD], points)
    assert space.rules[2].parents == (0, 1)
    assert space.rules[2].alive.tolist() == [[1.0, 1.0]]


def test_a_factor_that_no_level_decides_has_no_rule():
    space = space_of([CLIP, THRESHOLD], [[0, INACTIVE], [0, 0.2], [1, 0.9], [1, INACTIVE]])
    assert not space.rules


def test_points_moved_to_where_a_factor_lives_keep_it_there_and_spread_over_all_such_levels():
    factors = [Factor("clip", ("none", "norm", "value")), THRESHOLD]
    space = space_of(factors, [[0, INACTIVE], [1, 0.2], [2, 0.4], [2, 0.9]])
    unit = np.random.default_rng(0).random((400, 2))
    moved = space.restrict(space.place(unit), unit, 1)
    assert (space.mask(moved)[:, 1] == unit[:, 1]).all()
    assert 150 < (moved[:, 0] == 1.0).sum() < 250


def test_the_measure_is_uniform_over_the_levels_that_were_observed():
    space = space_of([Factor("act", ("relu", "tanh", "never", "gelu"))], [[0], [1], [3], [3]])
    placed = space.place((np.arange(300)[:, None] + 0.5) / 300)
    assert np.unique(placed, return_counts=True)[1].tolist() == [100, 100, 100]
    assert np.unique(placed).tolist() == [0.0, 1.0, 3.0]


def test_what_seeds_say_follows_the_trials_that_are_kept():
    means = ReplicateMeans(np.arange(4.0), np.array([1.0, 2.0, 3.0, 4.0]), 0.5)
    ends = EndCounts(
        9.0, np.array([0.0, 1.0, 2.0, 3.0]), np.full(4, 3.0), ReplicateMeans(np.arange(4.0), np.ones(4), 0.5)
    )
    screen = CodedTrials((CLIP,), np.array([[0.0], [1.0], [0.0], [1.0]]), np.arange(4.0), Replicates(means, ends))
    for trials in (np.array([1, 3]), np.array([False, True, False, True])):
        kept = screen.among(trials)
        assert kept.values.tolist() == [1.0, 3.0]
        assert kept.repeated.means.values.tolist() == [1.0, 3.0]
        assert kept.repeated.means.noise.tolist() == [2.0, 4.0]
        assert kept.repeated.ends.hits.tolist() == [1.0, 3.0]
        assert kept.repeated.ends.others.values.tolist() == [1.0, 3.0]
    assert screen.only([0]).repeats is screen.repeats


def test_without_seeds_all_values_are_known_equally_well():
    screen = CodedTrials((CLIP,), np.array([[0.0], [1.0]]), np.array([3.0, 5.0]))
    assert screen.repeated.means.values.tolist() == [3.0, 5.0]
    assert screen.repeated.means.noise.tolist() == [1.0, 1.0]
    assert screen.repeated.means.error == 0.0
    assert screen.repeated.ends is None
    assert screen.among(np.array([1])).repeats is None
