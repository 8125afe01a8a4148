"""Theory beside measurement: what mean-field theory says of a configuration before any of it is trained."""

from collections.abc import Mapping
from typing import Any

from gradstudy.analysis.theory.prediction import Prediction, predict
from gradstudy.training.theory_input import random_network_of


def predicted(parts: Mapping[str, Any], study_seed: int) -> Prediction:
    """How do gradients flow in the network that these parts by group make, were it infinitely wide?

    NoTheory, with the reason, where nothing can be said.
    """
    return predict(random_network_of(parts, study_seed))
