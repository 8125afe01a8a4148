"""Seeds beside each other: padded where one ended, and their median, which tells missing from not finite."""

import numpy as np
import pytest

from gradstudy.records import Series
from gradstudy.series import by_seed, median_of_seeds

INF, NAN = np.inf, np.nan


@pytest.mark.parametrize(
    ("seeds", "middle"),
    [
        ([1.0, 2.0, 4.0], 2.0),
        ([1.0, 2.0, NAN], 1.5),
        ([1.0, NAN, NAN], 1.0),
        ([-INF, 1.0, 2.0], 1.0),
        ([-INF, 1.0], -INF),
        ([1.0, INF], INF),
        ([-INF, INF], INF),
        ([1.7e308, 1.7e308], 1.7e308),
        ([INF, INF, 1.0], INF),
        ([NAN, NAN], NAN),
    ],
)
def test_the_median_of_seeds_leaves_out_the_missing_and_keeps_what_has_no_size(seeds, middle):
    assert median_of_seeds(np.array(seeds)[:, None])[0] == pytest.approx(middle, nan_ok=True, rel=0, abs=0)


def test_seeds_are_stacked_by_step_and_padded_with_what_is_missing():
    short, long = (Series(("all",), np.arange(n), np.ones((n, 1))) for n in (1, 3))
    steps, values = by_seed([short, long])
    assert steps.tolist() == [0, 1, 2]
    assert np.isnan(values[:, :, 0]).tolist() == [[False, True, True], [False] * 3]


def test_what_a_seed_read_as_nan_is_not_finite_but_not_missing():
    _, values = by_seed([Series(("all",), np.arange(2), np.array([[NAN], [1.0]]))])
    assert values[0, :, 0].tolist() == [INF, 1.0]
