"""Residual connections: how a layer's input and its output are joined."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from gradstudy.network import Local, Parameter
from gradstudy.parts import Part

Join = Callable[[Tensor, Tensor], Tensor]
"""(skip, branch) -> joined; all [member, sample, feature] or [member, sample, channel, height, width]."""


@dataclass(frozen=True)
class Residual(Part):
    """What every residual connection can say. `blocks` is how many of them a network has, one behind the other.

    `joins`: there is a skip at all. `projection`: where a block changes the number of features, its skip passes through
    a linear map; without one such a network is refused.
    """

    joins = True
    projection = False

    def parameters(self, name: str, size: int) -> tuple[Parameter, ...]:
        """What it learns at the place `name` for `size` features."""
        return ()

    def at(self, local: Local, blocks: int) -> Join:
        """How skip and branch are joined at one place of a network in one forward pass."""
        raise NotImplementedError

    def adjust(self, blocks: int, maps: int, index: int) -> Callable[[Tensor], object] | None:
        """What is done, in place, to the drawn weight of map `index` (from 0) of the `maps` in a branch."""
        return None


@dataclass(frozen=True)
class NoResidual(Residual):
    """The layer's output replaces its input."""

    joins = False

    def at(self, local: Local, blocks: int) -> Join:
        return lambda skip, branch: branch
