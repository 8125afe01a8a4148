"""The stacked recurrent network that rnn, lstm and gru share: a hoisted input projection and an explicit time loop.

The loop is explicit because a fused kernel hides the gradient at h_t. Each time step is one batched matrix product
and a few element-wise kernels over all members; autograd hands out dL/dh_t together with the parameter gradients.
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gradstudy.network import Flow, Parameter, Role, Shape, numbered
from gradstudy.parts import Part, number

State = tuple[Tensor, ...]
Map = Callable[[Tensor], Tensor]
Join = Callable[[Tensor, Tensor], Tensor]
Step = Callable[[Tensor, State, Tensor, Tensor], State]
"""(projection of x_t [member, batch, gates * width], state, W_hh^T [member, width, gates * width], b_hh) -> state."""


@dataclass(frozen=True)
class Cell:
    """What is special about a family? Its step, its number of gates, and the quantity each of its states reports.

    `bias_in_step`: the step adds b_hh itself (the GRU gates it); otherwise it is folded into the input projection.
    """

    step: Step
    gates: int
    quantities: tuple[str, ...] = ("signal",)
    bias_in_step: bool = False


@dataclass(frozen=True)
class Recurrent(Part):
    """What the families share: their size, and a network made of their cell."""

    width: int = number(32, at_least=1)
    depth: int = number(1, at_least=1)

    @property
    def narrowest(self) -> int:
        return self.width

    def network(self, shape: Shape, *, activation: Map, normalization: Map, residual: Join) -> "RecurrentNetwork":
        cell = self.cell(activation, normalization)
        return RecurrentNetwork(cell, shape=shape, width=self.width, depth=self.depth, residual=residual)

    @abstractmethod
    def cell(self, activation: Map, normalization: Map) -> Cell: ...


class RecurrentNetwork:
    """`depth` layers of one cell over time, read out linearly at the last step.

    Inputs are [member, batch, time, feature]. Parameter names and shapes are those of torch.nn.RNN, LSTM and GRU
    behind the prefix `recurrent`, so that another program can compare them.
    """

    def __init__(self, cell: Cell, *, shape: Shape, width: int, depth: int, residual: Join):
        self.cell, self.width, self.depth, self.residual = cell, width, depth, residual
        self.parameters = tuple(_parameters(cell.gates, shape, width, depth))
        self.places = {quantity: numbered("time", shape.length) for quantity in cell.quantities}

    def __call__(self, parameters: Mapping[str, Tensor], inputs: Tensor) -> Flow:
        sequence = inputs.transpose(1, 2)  # [member, time, batch, feature]: a time step is then one dense block
        layers = []
        for layer in range(self.depth):
            states = self._run(parameters, layer, sequence)
            layers.append(states)
            if layer + 1 < self.depth:
                hidden = torch.stack([state[0] for state in states], dim=1)
                sequence = self.residual(sequence, hidden)
        readout = parameters["readout.weight"].transpose(1, 2)
        output = torch.baddbmm(parameters["readout.bias"].unsqueeze(1), layers[-1][-1][0], readout)
        return Flow(output, self._points(layers))

    def _run(self, parameters: Mapping[str, Tensor], layer: int, sequence: Tensor) -> list[State]:
        """The states of one layer, one per time step."""
        weight_ih, weight_hh, bias_ih, bias_hh = (
            parameters[f"recurrent.{name}_l{layer}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        members, length, batch, features = sequence.shape
        bias = (bias_ih if self.cell.bias_in_step else bias_ih + bias_hh).unsqueeze(1)
        flat = sequence.reshape(members, length * batch, features)
        projected = torch.baddbmm(bias, flat, weight_ih.transpose(1, 2)).view(members, length, batch, -1)
        state = tuple(projected.new_zeros(members, batch, self.width) for _ in self.cell.quantities)
        states, before = [], [state[0]]
        if not self.cell.bias_in_step:
            projected, weight_hh = OneProduct.apply(projected, weight_hh, before), weight_hh.detach()
        recurrence = weight_hh.transpose(1, 2)
        # unbind once: indexing [:, t] inside the loop makes every backward fill a full-size zero tensor (5x slower)
        for projection in projected.unbind(1):
            state = self.cell.step(projection, state, recurrence, bias_hh.unsqueeze(1))
            states.append(state)
            before.append(state[0].detach())
        return states

    def _points(self, layers: list[list[State]]) -> dict[str, list[tuple[Tensor, ...]]]:
        return {
            quantity: [tuple(state[kind] for state in moment) for moment in zip(*layers, strict=True)]
            for kind, quantity in enumerate(self.cell.quantities)
        }


class OneProduct(torch.autograd.Function):
    """Gives W_hh its gradient in one product over all time steps, where the loop would add up a small one per step.

    Where h_{t-1} enters beside the projection, dL/dW_hh = sum_t (dL/dprojection_t)^T h_{t-1}. `before` is filled with
    h_0, h_1, ... by the loop that follows, which runs on a detached W_hh. A fifth faster at width 32.
    """

    @staticmethod
    def forward(ctx, projected: Tensor, weight_hh: Tensor, before: list[Tensor]) -> Tensor:
        ctx.before = before
        return projected.view_as(projected)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        hidden = torch.stack(ctx.before[: gradient.shape[1]], dim=1).flatten(1, 2)
        return gradient, torch.bmm(gradient.flatten(1, 2).transpose(1, 2), hidden), None


def _parameters(gates: int, shape: Shape, width: int, depth: int):
    bound = 1 / math.sqrt(width)

    def recurrent(name: str, *size: int, role: Role, blocks: int = 1) -> Parameter:
        return Parameter(f"recurrent.{name}_l{layer}", size, bound, role, blocks)

    for layer in range(depth):
        yield recurrent("weight_ih", gates * width, width if layer else shape.features, role="edge")
        yield recurrent("weight_hh", gates * width, width, role="hidden", blocks=gates)
        yield recurrent("bias_ih", gates * width, role="bias")
        yield recurrent("bias_hh", gates * width, role="bias")
    yield Parameter("readout.weight", (shape.outputs, width), bound, "edge")
    yield Parameter("readout.bias", (shape.outputs,), bound, "bias")
