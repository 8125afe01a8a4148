"""The gated recurrent unit."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gradstudy.factors.model.recurrent import Cell, Map, Recurrent, State


@dataclass(frozen=True)
class Gru(Recurrent):
    """h_t = (1 - z) n + z h_{t-1}, n = phi(W_in x_t + b_in + r (W_hn h_{t-1} + b_hn)) (Cho 2014; torch.nn.GRU).

    The activation stands where torch has tanh; gates stay sigmoid.
    """

    def cell(self, activation: Map, normalization: Map) -> Cell:
        def step(projection: Tensor, state: State, recurrence: Tensor, bias: Tensor) -> State:
            (hidden,) = state
            recurrent = torch.baddbmm(bias, hidden, recurrence)
            gates, candidate = projection.split((2 * self.width, self.width), dim=2)
            recurrent_gates, recurrent_candidate = recurrent.split((2 * self.width, self.width), dim=2)
            reset, update = torch.sigmoid(normalization(gates + recurrent_gates)).chunk(2, dim=2)
            new = activation(normalization(candidate + reset * recurrent_candidate))
            return (new + update * (hidden - new),)

        return Cell(step, gates=3, bias_in_step=True)
