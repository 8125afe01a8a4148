"""Activations: what turns a linear map's output into a hidden state, element by element."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gradstudy.parts import Part


@dataclass(frozen=True)
class Identity(Part):
    """phi(x) = x: a linear network, whose gradient flow is a product of its matrices."""

    def __call__(self, x: Tensor) -> Tensor:
        return x


@dataclass(frozen=True)
class Tanh(Part):
    """phi(x) = tanh x, with a slope of at most 1."""

    def __call__(self, x: Tensor) -> Tensor:
        return torch.tanh(x)


@dataclass(frozen=True)
class Relu(Part):
    """phi(x) = max(0, x) (Nair & Hinton 2010)."""

    def __call__(self, x: Tensor) -> Tensor:
        return torch.relu(x)
