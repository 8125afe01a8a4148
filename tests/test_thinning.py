"""A few of many: evenly apart, and none of the many without one of the few."""

import numpy as np
import pytest

from gradstudy.series import evenly_spaced, stretches


@pytest.mark.parametrize(("count", "most"), [(1, 5), (5, 5), (200, 60), (61, 60), (1000, 24)])
def test_spread_indices_are_different_evenly_apart_and_reach_both_ends(count, most):
    found = evenly_spaced(count, most)
    assert found[0] == 0
    assert found[-1] == count - 1
    assert len(found) == min(count, most)
    gaps = np.diff(found)
    assert not len(gaps) or gaps.max() - gaps.min() <= 1


@pytest.mark.parametrize(("count", "most"), [(1, 5), (5, 5), (200, 60), (61, 60)])
def test_stretches_cover_everything_and_are_as_long_as_each_other(count, most):
    starts = stretches(count, most)
    lengths = np.diff([*starts, count])
    assert starts[0] == 0
    assert len(starts) == min(count, most)
    assert lengths.min() >= 1
    assert lengths.max() - lengths.min() <= 1


def test_of_nothing_nothing_is_shown():
    assert evenly_spaced(0, 5).tolist() == []
