"""Activations: what turns a linear map's output into a hidden state, element by element."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gradstudy.network import Local, Parameter
from gradstudy.parts import Part


@dataclass(frozen=True)
class Activation(Part):
    """A function of one number. One that learns (PReLU) names its `parameters`, and `at` binds them."""

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        """What it learns at the place `name`."""
        return ()

    def at(self, local: Local) -> Callable[[Tensor], Tensor]:
        """The function at one place of a network in one forward pass."""
        return self

    def __call__(self, x: Tensor) -> Tensor:
        raise NotImplementedError


@dataclass(frozen=True)
class Identity(Activation):
    """phi(x) = x: a linear network, whose gradient flow is a product of its matrices."""

    def __call__(self, x: Tensor) -> Tensor:
        return x


@dataclass(frozen=True)
class Tanh(Activation):
    """phi(x) = tanh x, with a slope of at most 1."""

    def __call__(self, x: Tensor) -> Tensor:
        return torch.tanh(x)


@dataclass(frozen=True)
class Relu(Activation):
    """phi(x) = max(0, x) (Nair & Hinton 2010)."""

    def __call__(self, x: Tensor) -> Tensor:
        return torch.relu(x)
