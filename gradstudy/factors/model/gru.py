"""The gated recurrent unit."""

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
class Gru(Recurrent):
    """h_t = (1 - z) n + z h_{t-1}, n = phi(W_in x_t + b_in + r (W_hn h_{t-1} + b_hn)) (Cho 2014; torch.nn.GRU).

    The activation stands where torch has tanh; gates stay sigmoid.
    """

    gates: ClassVar[int] = 3
    normalized: ClassVar[Mapping[str, int]] = {"gates": 2, "candidate": 1}
    gated: ClassVar[tuple[str, ...]] = ("candidate",)
    unrolled: ClassVar[UnrolledCell] = UnrolledCell(
        recurrence.gru_forward, recurrence.gru_backward, kept=4, activated=(3,)
    )

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

    def blocks(self, weight_hh: Tensor, bias_hh: Tensor, bias_ih: Tensor, weight_ih: Tensor) -> tuple[Tensor, ...]:
        """The rows of r, of z, and of what h and x give to n, each with a bias of its own."""
        gates, candidate = slice(0, 2), slice(2, 3)
        bias = torch.cat([bias_hh[:, gates] + bias_ih[:, gates], bias_hh[:, candidate], bias_ih[:, candidate]], dim=1)
        return (
            torch.cat([weight_hh, torch.zeros_like(weight_hh[:, candidate])], dim=1),
            bias,
            torch.cat([weight_ih[:, gates], torch.zeros_like(weight_ih[:, candidate]), weight_ih[:, candidate]], dim=1),
        )
