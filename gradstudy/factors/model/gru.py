"""The gated recurrent unit."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gradstudy.factors.model.recurrent import Cell, RecurrentNetwork, State
from gradstudy.network import Shape
from gradstudy.parts import Part, number


@dataclass(frozen=True)
class Gru(Part):
    """h_t = (1 - z) n + z h_{t-1}, n = phi(W_in x_t + b_in + r (W_hn h_{t-1} + b_hn)) (Cho 2014; torch.nn.GRU).

    The activation stands where torch has tanh; gates stay sigmoid.
    """

    width: int = number(32, at_least=1)
    depth: int = number(1, at_least=1)

    @property
    def narrowest(self) -> int:
        return self.width

    def network(self, shape: Shape, *, activation, normalization, residual) -> RecurrentNetwork:
        def step(projection: Tensor, state: State, recurrence: Tensor, bias: Tensor) -> State:
            (hidden,) = state
            recurrent = torch.baddbmm(bias, hidden, recurrence)
            gates, candidate = projection.split((2 * self.width, self.width), dim=2)
            recurrent_gates, recurrent_candidate = recurrent.split((2 * self.width, self.width), dim=2)
            reset, update = torch.sigmoid(normalization(gates + recurrent_gates)).chunk(2, dim=2)
            new = activation(normalization(candidate + reset * recurrent_candidate))
            return (new + update * (hidden - new),)

        cell = Cell(step, gates=3, bias_in_step=True)
        return RecurrentNetwork(cell, shape=shape, width=self.width, depth=self.depth, residual=residual)
