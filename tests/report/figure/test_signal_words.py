"""A map in words: both ends of the network, on the first and on the last step."""

import numpy as np
import pytest
from support.made_records import made_series

from gradstudy.analysis.responses.signal_map import SignalMap
from gradstudy.report.figure.charts import seed_curve
from gradstudy.report.figure.signal_words import amplitude_words, curve_words, map_words, thinned_words


def test_the_words_follow_the_signal_back_on_the_first_and_the_last_step():
    decades = np.array([[-12.0, -6.0, 0.0], [0.0, 0.0, 0.0], [-np.inf, 0.0, np.inf]])
    found = map_words(SignalMap(("layer_1", "layer_2", "layer_3"), np.array([0, 1, 2]), decades))
    assert found == (
        "Signal at 3 places, layer_1 to layer_3: at step 0 1e+00 at layer_3 and 1e-12 back at layer_1; "
        "at step 2 not finite at layer_3 and exactly 0 back at layer_1."
    )


def test_the_signal_of_the_last_answer_alone_is_called_so():
    found = map_words(SignalMap(("time_001",), np.array([0]), np.array([[-2.0]]), far=True))
    assert found == "Signal of the last answer alone at time_001: at step 0 1e-02 at time_001."


def test_one_place_and_one_step_are_told_once():
    assert map_words(SignalMap(("layer_1",), np.array([0]), np.array([[-2.0]]))) == (
        "Signal at layer_1: at step 0 1e-02 at layer_1."
    )


@pytest.mark.parametrize(
    ("decades", "words"), [(-np.inf, "exactly 0"), (np.inf, "not finite"), (-11.5, "3e-12"), (308.0, "1e+308")]
)
def test_amplitudes_without_a_size_have_words(decades, words):
    assert amplitude_words(decades) == words


def test_what_is_left_out_is_counted():
    whole = SignalMap(tuple("abcd"), np.arange(5), np.zeros((5, 4)))
    assert thinned_words(whole, whole) == ""
    assert thinned_words(whole, whole.thinned(steps=9, places=2)) == "2 of 4 places"
    both = thinned_words(whole, whole.thinned(steps=3, places=2))
    assert both == "3 of 5 steps (of neighbours the least usual) and 2 of 4 places"


def test_a_curve_in_words_has_its_ends_and_its_extremes():
    seeds = [made_series([1.0, middle, 1e-2]) for middle in (1e9, 1e-3, 1.0)]
    told = curve_words(seed_curve(seeds))
    assert told == "1e+00 at step 0, 1e-02 at step 2; from 1e-03 to 1e+09 in all"
    assert curve_words(seed_curve([made_series([np.inf])])) == "not finite on any step"
    assert curve_words(seed_curve([made_series([3.0])])) == "3e+00 at step 0; from 3e+00 to 3e+00 in all"
