"""The gated recurrent unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from gradstudy.factors.model.recurrent import CellState, CellStep, Recurrent
from gradstudy.layer_parts import TensorMap


@dataclass(frozen=True)
class Gru(Recurrent):
    """h_t = (1 - z) n + z h_{t-1}, n = phi(W_in x_t + b_in + r (W_hn h_{t-1} + b_hn)) (Cho 2014; torch.nn.GRU).

    The activation stands where torch has tanh; gates stay sigmoid.
    """

    gates: ClassVar[int] = 3
    normalized: ClassVar[Mapping[str, int]] = {"gates": 2, "candidate": 1}
    gated: ClassVar[tuple[str, ...]] = ("candidate",)

    def step(self, activate: TensorMap, normalize: Mapping[str, TensorMap]) -> CellStep:
        sizes = [2 * self.width, self.width]

        def step(projection: Tensor, state: CellState, entering: Tensor, recurrence: Tensor, bias: Tensor) -> CellState:
            recurrent = torch.baddbmm(bias, entering, recurrence)
            gates, candidate = torch.split(projection, sizes, dim=2)
            recurrent_gates, recurrent_candidate = torch.split(recurrent, sizes, dim=2)
            reset, update = torch.sigmoid(normalize["gates"](gates + recurrent_gates)).chunk(2, dim=2)
            new = activate(normalize["candidate"](candidate + reset * recurrent_candidate))
            return (new + update * (state[0] - new),)

        return step
