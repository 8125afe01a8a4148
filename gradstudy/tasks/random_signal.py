"""The measuring protocol: random inputs, and a random gradient sent back from the output."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from gradstudy.network import Shape
from gradstudy.parts import number
from gradstudy.tasks.task import LONGEST_SEQUENCE, Arrays, Drawn


@dataclass(frozen=True)
class RandomSignal(Drawn):
    """Random inputs and a random gradient: how a network passes on what carries nothing, with `budget.steps=0`.

    Inputs are N(0, scale^2). The loss of a sample is sum_o output_o * target_o with targets N(0, 1), so that the
    gradient at the output is independent noise, whatever the network made of its input (Schoenholz et al. 2017). With
    `length` inputs are sequences of so many steps; with `side` they are images of side x side pixels, whose channels
    are the features.
    """

    features: int = number(64, at_least=1, at_most=65_536)
    outputs: int = number(64, at_least=1, at_most=65_536)
    length: int = number(0, at_least=0, at_most=LONGEST_SEQUENCE)
    side: int = number(0, at_least=0, at_most=1_024)
    scale: float = number(1.0, at_least=0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.length and self.side:
            raise ValueError(f"length and side exclude each other, got length={self.length} and side={self.side}")

    @property
    def shape(self) -> Shape:
        if self.side:
            return Shape((self.features, self.side, self.side), self.outputs)
        return Shape((self.length, self.features) if self.length else (self.features,), self.outputs)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Mean over the batch of sum_o output_o * target_o, [member]."""
        return (output * target).sum(-1).mean(1)

    def draw(self, stream: np.random.Generator, count: int) -> Arrays:
        inputs = self.scale * stream.standard_normal((count, *self.shape.inputs))
        return inputs, stream.standard_normal((count, self.outputs))
