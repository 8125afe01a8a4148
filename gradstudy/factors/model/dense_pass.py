"""A chain of plain dense layers: one call of machine code forward and one back, where autograd takes 150 operations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradstudy.factors.coefficients import stacked
from gradstudy.factors.model.layers import Linear
from gradstudy.kernels import dense
from gradstudy.kernels.compiled import runs_compiled
from gradstudy.kernels.tiles import TILE
from gradstudy.layer_parts import Layers, Normalization, Regularization
from gradstudy.network import Flow, Pass


class DensePass:
    """The flow of hidden `maps` of one width, each read through the activation, and of the readout behind them."""

    def __init__(self, maps: Sequence[Linear], layers: Layers):
        self.maps, self.activation = maps, layers.activation
        shapes = [one.weight.drawn.shape for one in maps]
        self.sizes = np.array([shapes[0][1], *(outputs for outputs, _ in shapes)])
        features = type(layers.normalization).at is Normalization.at
        kept = type(layers.regularization).drop is Regularization.drop
        plain = features and kept and not layers.residual.joins and layers.activation.rule is not None
        self.holds = plain and len(set(self.sizes[1:-1])) == 1

    def serves(self, run: Pass, x: Tensor) -> bool:
        """Whether it is to be had in such a pass: nothing but an activation stands between two maps."""
        return self.holds and run.by_hand and runs_compiled(x) and not x.requires_grad

    def __call__(self, run: Pass, x: Tensor) -> Flow:
        """Of x [member, batch, feature]."""
        parameters = [*(one.weight(run) for one in self.maps), *(run.parameters[one.bias] for one in self.maps)]
        names = [*(one.weight.name for one in self.maps), *(one.bias for one in self.maps)]
        into = [  # not of a weight that comes out of a norm: it is no parameter itself
            run.into.get(name) if run.parameters[name] is one else None
            for name, one in zip(names, parameters, strict=True)
        ]
        assert self.activation.rule is not None, "asked for where there is one only"
        rule, coefficient = self.activation.rule
        coefficients = stacked(coefficient).to(x.dtype).expand(len(x)).contiguous().numpy()
        shape = len(self.maps) - 1, len(x), int(self.sizes[1]), x.shape[1]
        tap = x.new_zeros(()).expand(shape).requires_grad_()
        given = rule, coefficients, self.sizes, into
        output: Tensor = _Dense.apply(given, tap, x.contiguous(), *parameters)  # type: ignore[no-untyped-call]
        return Flow(output, {}, {"signal": [tap]})


class _Dense(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, given: Any, tap: Tensor, x: Tensor, *parameters: Tensor) -> Tensor:
        rule, coefficients, sizes, into = given
        layers, members, width, batch = tap.shape
        parameters = tuple(map(_dense, parameters))
        hidden = x.new_empty(members, layers * width, -(-batch // TILE) * TILE)
        output = x.new_empty(members, batch, int(sizes[-1]))
        chain = rule, coefficients, *_places(parameters), sizes, batch, hidden.shape[2]
        arrays = x.view(-1).numpy(), hidden.view(-1).numpy()
        dense.chain_forward(chain, *arrays, output.view(-1).numpy())
        ctx.kept = parameters, into, tap.shape, hidden, (chain, *arrays)
        return output

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        parameters, into, (layers, members, width, batch), hidden, called = ctx.kept
        ctx.kept = None  # what it holds is written over: there is no second way back
        made = [torch.empty_like(one) if out is None else out for one, out in zip(parameters, into, strict=True)]
        dense.chain_backward(*called, gradient.contiguous().view(-1).numpy(), *_places(made))
        signal = hidden.view(members, layers, width, -1).transpose(0, 1)[..., :batch]
        return None, signal, None, *made


def _dense(parameter: Tensor) -> Tensor:
    """[member, ...] with every member's entries in a row."""
    return parameter if parameter.stride()[1:] in ((1,), (parameter.shape[-1], 1)) else parameter.contiguous()


def _places(tensors: Sequence[Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Addresses of first members and steps between members, [weight or bias, map]."""
    both = np.array([[one.data_ptr() for one in tensors], [one.stride(0) for one in tensors]])
    places, steps = both.reshape(2, 2, -1)
    return places, steps
