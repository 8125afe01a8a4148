import numpy as np
import pytest

from gradstudy.analysis.space.replicates import FEWEST_ENDS, PRIOR_FREEDOM, replicates_of


def told(rows, diverged=None):
    """Of the values of each trial's members, and which of them diverged."""
    values = np.concatenate([np.asarray(one, dtype=float) for one in rows])
    row = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
    return replicates_of(values, row, np.zeros(len(values), bool) if diverged is None else np.array(diverged))


def test_a_trials_variance_is_drawn_towards_the_pooled_one():
    # Squares around the means 2, 8, 0: 2 with 2 degrees of freedom, 8 with 1, 0 with 3; pooled 10 / 6.
    found = told([[1, 2, 3], [6, 10], [0, 0, 0, 0]]).means
    assert found.values.tolist() == [2.0, 8.0, 0.0]
    pooled, prior = 10 / 6, PRIOR_FREEDOM
    of_mean = [(prior * pooled + squares) / (prior + n - 1) / n for squares, n in [(2, 3), (8, 2), (0, 4)]]
    assert found.error == pytest.approx(np.median(of_mean))
    np.testing.assert_allclose(found.noise * found.error, of_mean)


def test_a_trial_with_one_member_is_as_noisy_as_the_pooled_variance_says():
    found = told([[1, 3], [7], [5, 5]]).means
    # Squares 2 and 0 with one degree of freedom each: pooled 1.
    np.testing.assert_allclose(found.noise * found.error, [6 / 5 / 2, 1.0, 4 / 5 / 2])


@pytest.mark.parametrize("rows", [[[1.0], [4.0], [9.0]], [[0.1] * 3, [0.7] * 3, [1e6 / 3] * 3]])
def test_seeds_that_do_not_differ_say_nothing_of_the_noise(rows):
    found = told(rows).means
    assert found.error == 0.0
    assert found.noise.tolist() == [1.0, 1.0, 1.0]
    np.testing.assert_allclose(found.values, [one[0] for one in rows])


def exploding(count=FEWEST_ENDS, end=10.0):
    """Trials of two members: one stays near 0, the other diverges and is told as the end; then two without."""
    rows = [[0.1 * trial, end] for trial in range(count)] + [[0.5, 0.7], [0.2, 0.9]]
    return rows, [False, True] * count + [False] * 4


@pytest.mark.parametrize("end", [10.0, -10.0])
def test_an_end_that_all_diverged_members_share_is_recognised_at_either_side(end):
    found = told(*exploding(end=end))
    assert found.ends.end == end
    assert found.ends.hits.tolist() == [1.0] * FEWEST_ENDS + [0.0, 0.0]
    assert found.ends.sizes.tolist() == [2.0] * (FEWEST_ENDS + 2)
    np.testing.assert_allclose(found.ends.others.values, [*(0.1 * np.arange(FEWEST_ENDS)), 0.6, 0.55])
    np.testing.assert_allclose(found.means.values[:3], [end / 2, (0.1 + end) / 2, (0.2 + end) / 2])


def test_of_a_time_to_divergence_the_end_is_never():
    # 100 steps, and whoever survives them is told as 101.
    rows = [[20 + trial, 101] for trial in range(FEWEST_ENDS)]
    found = told(rows, [True, False] * FEWEST_ENDS)
    assert found.ends.end == 101.0
    assert found.ends.hits.tolist() == [1.0] * FEWEST_ENDS
    assert found.ends.others.values.tolist() == [20.0 + trial for trial in range(FEWEST_ENDS)]


def test_a_healthy_member_at_the_end_has_come_to_it_as_well():
    rows, diverged = exploding()
    found = told([*rows, [10.0, 0.3]], [*diverged, False, False])
    assert found.ends.hits[-1] == 1.0
    assert found.ends.others.values[-1] == 0.3


def test_a_trial_of_which_all_members_came_to_the_end_has_no_mean_elsewhere():
    rows, diverged = exploding()
    found = told([*rows, [10.0, 10.0, 10.0]], [*diverged, True, True, True])
    assert found.ends.hits[-1] == found.ends.sizes[-1] == 3.0
    assert np.isnan(found.ends.others.values[-1])
    assert np.isfinite(found.ends.others.values[:-1]).all()
    assert np.isfinite(found.ends.others.noise).all()
    assert found.means.values[-1] == 10.0


def test_how_sure_a_typical_mean_is_does_not_depend_on_trials_that_have_none():
    rows = [[0.1 * trial, 0.1 * trial + 0.2, 10.0] for trial in range(FEWEST_ENDS)]
    found = told([*rows, *[[10.0] * 3] * 9], [False, False, True] * FEWEST_ENDS + [True] * 27)
    # Two members each, all with a variance of 0.02 around their mean.
    assert found.ends.others.error == pytest.approx(0.02 / 2)
    np.testing.assert_allclose(found.ends.others.noise, [1.0] * FEWEST_ENDS + [2.0] * 9)


def test_diverged_members_of_different_values_came_to_no_common_end():
    rows, diverged = exploding()
    rows[0][1] = 9.9
    assert told(rows, diverged).ends is None


def test_a_value_between_the_others_is_no_end():
    rows, diverged = exploding(end=0.15)
    assert told(rows, diverged).ends is None


def test_too_few_at_the_end_or_elsewhere_say_nothing_of_what_decides():
    assert told(*exploding(count=FEWEST_ENDS - 1)).ends is None
    few = FEWEST_ENDS - 1
    rows = [[10.0] * 3] * 8 + [[0.1 * trial] for trial in range(few)]
    assert told(rows, [True] * 24 + [False] * few).ends is None
    assert told([*rows, [0.9]], [True] * 24 + [False] * (few + 1)).ends is not None


def test_where_nobody_or_everybody_diverged_there_is_no_end():
    values = [[0.1, 0.2], [0.4, 0.3]] * 5
    assert told(values).ends is None
    assert told(values, [True] * 20).ends is None
    assert told([[1.0, 1.0]] * 10).ends is None


def test_some_of_the_trials_keep_what_was_said_of_them():
    rows, diverged = exploding()
    whole = told(rows, diverged)
    some = whole.among(np.array([5, 0]))
    assert some.means.values.tolist() == [whole.means.values[5], whole.means.values[0]]
    assert some.ends.hits.tolist() == [0.0, 1.0]
    assert some.ends.end == whole.ends.end
    assert some.ends.others.noise.tolist() == whole.ends.others.noise[[5, 0]].tolist()
    assert told([[1, 2], [3, 4]]).among(np.array([1])).ends is None
