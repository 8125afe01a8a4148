import numpy as np

from gradstudy.notebook.axes import jitter


def test_equal_values_are_spread_evenly_over_the_strip():
    places = np.sort(jitter(np.full(50, 10.0)))
    assert places[0] >= 0.0
    assert places[-1] < 1.0
    assert np.diff(places).max() < 3 / 50


def test_neighbouring_values_lie_apart():
    values = np.random.default_rng(0).permutation(40)
    places = jitter(values)[np.argsort(values)]
    assert np.abs(np.diff(places)).min() > 1 / 4
