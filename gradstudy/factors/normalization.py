"""Normalisations: what is done to a layer's pre-activation before the nonlinearity."""

from dataclasses import dataclass

from torch import Tensor

from gradstudy.parts import Part


@dataclass(frozen=True)
class NoNormalization(Part):
    """The pre-activation passes unchanged."""

    def __call__(self, x: Tensor) -> Tensor:
        return x
