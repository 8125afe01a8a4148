"""The vanilla recurrent network."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gradstudy.factors.model.recurrent import Cell, Map, Recurrent, State


@dataclass(frozen=True)
class Rnn(Recurrent):
    """h_t = phi(W_ih x_t + W_hh h_{t-1} + b) (Elman 1990; torch.nn.RNN with any activation)."""

    def cell(self, activation: Map, normalization: Map) -> Cell:
        def step(projection: Tensor, state: State, recurrence: Tensor, bias: Tensor) -> State:
            return (activation(normalization(torch.baddbmm(projection, state[0], recurrence))),)

        return Cell(step, gates=1)
