"""Theory beside measurement: what mean-field theory says of a configuration before any of it is trained."""

from collections.abc import Mapping
from math import isnan
from typing import Any

from gradstudy.analysis.theory.prediction import Prediction, predict
from gradstudy.random_network import NoTheory
from gradstudy.series import CEILING, FLOOR
from gradstudy.training.theory_input import random_network_of


def predicted(parts: Mapping[str, Any], study_seed: int) -> Prediction:
    """How gradients flow in the network that these parts by group make, were it infinitely wide.

    Raises:
        NoTheory: Nothing can be said of it, for the reason given.
    """
    return predict(random_network_of(parts, study_seed))


def predicted_gain(parts: Mapping[str, Any], study_seed: int) -> float | None:
    """What theory says of the response `gain_init` in decades, None where it says nothing."""
    try:
        return within_measurement(predicted(parts, study_seed).gain_init)
    except NoTheory:
        return None


def within_measurement(gain: float) -> float | None:
    """A predicted gain with the ends of what can be measured; None where it is no number."""
    return None if isnan(gain) else float(min(max(gain, FLOOR), CEILING))
