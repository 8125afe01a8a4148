"""The long short-term memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from gradstudy.factors.model.recurrent import CellState, CellStep, Recurrent
from gradstudy.factors.model.unrolled import UnrolledCell
from gradstudy.kernels import recurrence
from gradstudy.layer_parts import Adjust, TensorMap


@dataclass(frozen=True)
class Lstm(Recurrent):
    """c_t = f c_{t-1} + i phi(g), h_t = o phi(c_t) (Hochreiter & Schmidhuber 1997, Gers 2000; torch.nn.LSTM).

    The activation stands where torch has tanh; gates stay sigmoid. Both h_t and c_t are flow points. `forget_bias` is
    added to the drawn bias of the forget gate (Jozefowicz, Zaremba & Sutskever 2015 advise 1).
    """

    gates: ClassVar[int] = 4
    normalized: ClassVar[Mapping[str, int]] = {"norm": 4}
    quantities: ClassVar[tuple[str, ...]] = ("signal", "cell_signal")
    unrolled: ClassVar[UnrolledCell] = UnrolledCell(
        recurrence.lstm_forward, recurrence.lstm_backward, kept=6, activated=(2, 5), state=4
    )

    forget_bias: float = 0.0

    def step(self, activate: TensorMap, normalize: Mapping[str, TensorMap]) -> CellStep:
        def step(projection: Tensor, state: CellState, entering: Tensor, recurrence: Tensor, bias: Tensor) -> CellState:
            gates = normalize["norm"](torch.baddbmm(projection, entering, recurrence))
            entry, forget, candidate, leave = gates.chunk(4, dim=2)
            memory = torch.sigmoid(forget) * state[1] + torch.sigmoid(entry) * activate(candidate)
            return torch.sigmoid(leave) * activate(memory), memory

        return step

    def adjust_bias(self) -> Adjust:
        return lambda bias: bias[self.width : 2 * self.width].add_(self.forget_bias)
