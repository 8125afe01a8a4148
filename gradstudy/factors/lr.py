"""Learning-rate schedules: which rate does a member train with at a step?"""

from dataclasses import dataclass

from torch import Tensor

from gradstudy.parts import Part, number


@dataclass(frozen=True)
class Constant(Part):
    """The same rate at every step."""

    value: float = number(0.01, at_least=0.0)

    def at(self, step: int, steps: int) -> Tensor:
        return self.value
