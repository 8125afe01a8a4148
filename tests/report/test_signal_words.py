"""A map in words: both ends of the network, on the first and on the last step."""

import numpy as np
import pytest

from gradstudy.analysis.signal_map import SignalMap
from gradstudy.report.signal_words import amplitude_words, map_words


def test_the_words_follow_the_signal_back_on_the_first_and_the_last_step():
    decades = np.array([[-12.0, -6.0, 0.0], [0.0, 0.0, 0.0], [-np.inf, 0.0, np.inf]])
    found = map_words(SignalMap(("layer_1", "layer_2", "layer_3"), np.array([0, 1, 2]), decades))
    assert found == (
        "Signal at 3 places, layer_1 to layer_3: at step 0 1e+00 at layer_3 and 1e-12 back at layer_1; "
        "at step 2 not finite at layer_3 and exactly 0 back at layer_1."
    )


def test_one_place_and_one_step_are_told_once():
    assert map_words(SignalMap(("layer_1",), np.array([0]), np.array([[-2.0]]))) == (
        "Signal at layer_1: at step 0 1e-02 at layer_1."
    )


@pytest.mark.parametrize(
    ("decades", "words"), [(-np.inf, "exactly 0"), (np.inf, "not finite"), (-11.5, "3e-12"), (308.0, "1e+308")]
)
def test_amplitudes_without_a_size_have_words(decades, words):
    assert amplitude_words(decades) == words
