"""Residual connections: how a layer's input and its output are joined."""

from dataclasses import dataclass

from torch import Tensor

from gradstudy.parts import Part


@dataclass(frozen=True)
class NoResidual(Part):
    """The layer's output replaces its input."""

    def __call__(self, skip: Tensor, branch: Tensor) -> Tensor:
        return branch
