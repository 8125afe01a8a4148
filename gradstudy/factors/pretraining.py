"""Pretraining: what is done to a network's layers, one after the other and without targets, before it is trained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from gradstudy.network import Network, Pass
from gradstudy.parts import Part

Uniform = Callable[[str, Sequence[int], int], Tensor]
"""(place, shape [member, ...], step) -> numbers in [0, 1) of each member's own stream."""


@dataclass(frozen=True)
class NoPretraining(Part):
    """Training starts from the initial weights."""

    def check(self, network: Network) -> None:
        """ValueError where such a network has no layers to pretrain."""

    def pretrain(
        self, network: Network, run: Pass, inputs: Callable[[], Tensor], uniform: Uniform
    ) -> Mapping[str, Tensor]:
        """The parameters that it changes, by name; `inputs` draws the next batch [member, batch, ...]."""
        return {}
