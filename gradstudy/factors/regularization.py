"""Regularisation: what keeps weights small, or units from relying on each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from gradstudy.factors.per_member import per_member
from gradstudy.network import Local
from gradstudy.parts import Part, number


@dataclass(frozen=True)
class WeightDecay(Part):
    """L2: adds `weight_decay` * parameter to the clipped gradient, as torch.optim's SGD and Adam do."""

    weight_decay: float = number(0.0, at_least=0.0)

    def decay(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        """The clipped gradients, with those of the penalties added."""
        return [
            gradient + per_member(self.weight_decay, parameter) * parameter
            for parameter, gradient in zip(parameters, gradients, strict=True)
        ]

    def constrain(self, parameters: Sequence[Tensor]) -> list[Tensor]:
        """The parameters after an optimizer step, brought back to where they are allowed to be."""
        return list(parameters)

    def drop(self, local: Local) -> Callable[[Tensor], Tensor]:
        """What is done to activations [member, sample, ...] at one place in one forward pass."""
        return lambda x: x

    def drop_sequence(self, local: Local) -> Callable[[Tensor], Tensor]:
        """The same for [member, time, batch, feature]."""
        return lambda x: x

    def drop_state(self, local: Local) -> Callable[[Tensor], Tensor]:
        """The same for the hidden state [member, batch, feature] that enters every recurrent step."""
        return lambda x: x
