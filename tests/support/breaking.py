"""An activation of a person's own that has a bug: it raises wherever its slope is too steep, until it is mended."""

import os
from dataclasses import dataclass

import torch
from torch import Tensor

from gradstudy.factors.activation import Activation

HOW = "BREAKS"
"""The variable of the environment that says how it breaks: `raise`, or the number of a signal; empty where mended."""


@dataclass(frozen=True)
class Breaking(Activation):
    """tanh x, where it does not break: in every trial whose slope is above 1."""

    slope: float = 1.0

    def __call__(self, x: Tensor) -> Tensor:
        how = os.environ.get(HOW)
        if how and bool((torch.as_tensor(self.slope) > 1.0).any()):
            if how == "raise":
                raise ValueError("too steep")
            os.kill(os.getpid(), int(how))
        return torch.tanh(x)
