"""No normalisation."""

from dataclasses import dataclass

from gradstudy.layer_parts import Normalization
from gradstudy.random_network import Norm


@dataclass(frozen=True)
class NoNormalization(Normalization):
    """N(x) = x: the pre-activation passes unchanged."""

    def norm(self) -> Norm:
        return "none"
