"""Regularisation: what is added to the loss, or to its gradient, to keep weights small."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from gradstudy.factors.per_member import per_member
from gradstudy.parts import Part, number


@dataclass(frozen=True)
class WeightDecay(Part):
    """L2: adds `weight_decay` * parameter to the clipped gradient, as torch.optim's SGD and Adam do."""

    weight_decay: float = number(0.0, at_least=0.0)

    def decay(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        return [
            gradient + per_member(self.weight_decay, parameter) * parameter
            for parameter, gradient in zip(parameters, gradients, strict=True)
        ]
