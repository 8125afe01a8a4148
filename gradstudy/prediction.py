"""Theory beside measurement: what mean-field theory says of a configuration before any of it is trained."""

from collections.abc import Mapping
from typing import Any

from gradstudy.analysis.theory import Prediction, predict
from gradstudy.training.mean_field import wiring_of


def predicted(parts: Mapping[str, Any], study_seed: int) -> Prediction:
    """How do gradients flow in the network that these parts by group make, were it infinitely wide?

    NoTheory, with the reason, where nothing can be said.
    """
    return predict(wiring_of(parts, study_seed))
