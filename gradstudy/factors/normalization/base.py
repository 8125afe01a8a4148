"""Normalisations: what is done to a layer's pre-activation, its activation, or its weights."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from gradstudy.network import Local, Parameter
from gradstudy.parts import Part
from gradstudy.random_network import Norm, NoTheory


@dataclass(frozen=True)
class Normalization(Part):
    """What every normalisation can say; here each answer is "nothing".

    `x` is [member, sample, feature] or, for images, [member, sample, channel, height, width]: the feature axis is
    always the third, and tokens or time steps count as samples. `after`: it follows the activation. `standardizes`: it
    acts on features, and takes their scale away. `eps` is added to a variance before a norm divides by its root.
    """

    after = False
    standardizes = False
    eps = 0.0

    def parameters(self, name: str, size: int, *, spatial: bool = False) -> tuple[Parameter, ...]:
        """What it learns at the place `name` for `size` features. ValueError where it cannot stand."""
        return ()

    def buffers(self, name: str, size: int) -> tuple[Parameter, ...]:
        """What it remembers there between steps."""
        return ()

    def at(self, local: Local) -> Callable[[Tensor], Tensor]:
        """The function of features at one place of a network in one forward pass."""
        return lambda x: x

    def weight_parameters(self, weight: Parameter) -> tuple[Parameter, ...]:
        """That weight, and what is learned beside it."""
        return (weight,)

    def weight_buffers(self, weight: Parameter) -> tuple[Parameter, ...]:
        """What is remembered of that weight between steps."""
        return ()

    def weight_at(self, local: Local, weight: Tensor) -> Tensor:
        """The weight [member, out, ...] that the map uses; `local` is the place of the weight's own name."""
        return weight

    def norm(self) -> Norm:
        """Which norm of features does it start as, with its `eps`? NoTheory where theory has no such norm."""
        raise NoTheory("this normalization does not say which norm of features it is")


@dataclass(frozen=True)
class NoNormalization(Normalization):
    """The pre-activation passes unchanged."""

    def norm(self) -> Norm:
        return "none"
