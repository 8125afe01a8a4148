"""The long short-term memory."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gradstudy.factors.model.recurrent import Cell, RecurrentNetwork, State
from gradstudy.network import Shape
from gradstudy.parts import Part, number


@dataclass(frozen=True)
class Lstm(Part):
    """c_t = f c_{t-1} + i phi(g), h_t = o phi(c_t) (Hochreiter & Schmidhuber 1997, Gers 2000; torch.nn.LSTM).

    The activation stands where torch has tanh; gates stay sigmoid. Both h_t and c_t are flow points.
    """

    width: int = number(32, at_least=1)
    depth: int = number(1, at_least=1)

    @property
    def narrowest(self) -> int:
        return self.width

    def network(self, shape: Shape, *, activation, normalization, residual) -> RecurrentNetwork:
        def step(projection: Tensor, state: State, recurrence: Tensor, bias: Tensor) -> State:
            hidden, memory = state
            gates = normalization(torch.baddbmm(projection, hidden, recurrence))
            entry, forget, candidate, leave = gates.chunk(4, dim=2)
            memory = torch.sigmoid(forget) * memory + torch.sigmoid(entry) * activation(candidate)
            return torch.sigmoid(leave) * activation(memory), memory

        cell = Cell(step, gates=4, quantities=("signal", "cell_signal"))
        return RecurrentNetwork(cell, shape=shape, width=self.width, depth=self.depth, residual=residual)
