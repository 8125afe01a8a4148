"""The vanilla recurrent network."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gradstudy.factors.model.recurrent import Cell, RecurrentNetwork, State
from gradstudy.network import Shape
from gradstudy.parts import Part, number


@dataclass(frozen=True)
class Rnn(Part):
    """h_t = phi(W_ih x_t + W_hh h_{t-1} + b) (Elman 1990; torch.nn.RNN with any activation)."""

    width: int = number(32, at_least=1)
    depth: int = number(1, at_least=1)

    @property
    def narrowest(self) -> int:
        return self.width

    def network(self, shape: Shape, *, activation, normalization, residual) -> RecurrentNetwork:
        def step(projection: Tensor, state: State, recurrence: Tensor, bias: Tensor) -> State:
            return (activation(normalization(torch.baddbmm(projection, state[0], recurrence))),)

        return RecurrentNetwork(Cell(step, gates=1), shape=shape, width=self.width, depth=self.depth, residual=residual)
