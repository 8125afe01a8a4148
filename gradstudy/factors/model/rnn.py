"""The vanilla recurrent network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from gradstudy.factors.model.recurrent import CellState, CellStep, Recurrent
from gradstudy.factors.model.unrolled import UnrolledCell
from gradstudy.kernels import recurrence
from gradstudy.layer_parts import TensorMap


@dataclass(frozen=True)
class Rnn(Recurrent):
    """h_t = phi(W_ih x_t + W_hh h_{t-1} + b) (Elman 1990; torch.nn.RNN with any activation)."""

    vanilla: ClassVar[bool] = True
    unrolled: ClassVar[UnrolledCell] = UnrolledCell(recurrence.rnn_forward, recurrence.rnn_backward)

    def step(self, activate: TensorMap, normalize: Mapping[str, TensorMap]) -> CellStep:
        def step(projection: Tensor, state: CellState, entering: Tensor, recurrence: Tensor, bias: Tensor) -> CellState:
            return (activate(normalize["norm"](torch.baddbmm(projection, entering, recurrence))),)

        return step
