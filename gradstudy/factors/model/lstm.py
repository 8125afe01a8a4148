"""The long short-term memory."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gradstudy.factors.model.recurrent import Cell, Map, Recurrent, State


@dataclass(frozen=True)
class Lstm(Recurrent):
    """c_t = f c_{t-1} + i phi(g), h_t = o phi(c_t) (Hochreiter & Schmidhuber 1997, Gers 2000; torch.nn.LSTM).

    The activation stands where torch has tanh; gates stay sigmoid. Both h_t and c_t are flow points.
    """

    def cell(self, activation: Map, normalization: Map) -> Cell:
        def step(projection: Tensor, state: State, recurrence: Tensor, bias: Tensor) -> State:
            hidden, memory = state
            gates = normalization(torch.baddbmm(projection, hidden, recurrence))
            entry, forget, candidate, leave = gates.chunk(4, dim=2)
            memory = torch.sigmoid(forget) * memory + torch.sigmoid(entry) * activation(candidate)
            return torch.sigmoid(leave) * activation(memory), memory

        return Cell(step, gates=4, quantities=("signal", "cell_signal"))
