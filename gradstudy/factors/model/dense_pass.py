"""A chain of plain dense layers: one call of machine code forward and one back, where autograd takes 150 operations."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradstudy.factors.coefficients import of_each
from gradstudy.factors.model.layers import Linear, goes_by_hand
from gradstudy.kernels import dense
from gradstudy.kernels.tiles import TILE
from gradstudy.layer_parts import Layers, Normalization, Regularization
from gradstudy.network import Applied, Flow, Pass, Probe


class DensePass:
    """The flow of hidden `maps` of one width, each read through the activation, and of the readout behind them.

    `names` are those of the hidden layers. A look inside finds what enters their activations, and before it goes back
    what leaves them.
    """

    def __init__(self, names: Sequence[str], maps: Sequence[Linear], layers: Layers):
        self.names, self.maps, self.activation = names, maps, layers.activation
        shapes = [one.weight.drawn.shape for one in maps]
        self.sizes = np.array([shapes[0][1], *(outputs for outputs, _ in shapes)])
        features = type(layers.normalization).at is Normalization.at
        kept = type(layers.regularization).drop is Regularization.drop
        plain = features and kept and not layers.residual.joins and layers.activation.rule is not None
        self.holds = plain and len(set(self.sizes[1:-1])) == 1
        self._own = type(layers.normalization).weight_at is Normalization.weight_at
        self._parameters = [*(one.weight.name for one in maps), *(one.bias for one in maps)]
        self._read: tuple[Any, ...] = (None, None)
        self._given: dict[tuple[Any, ...], Any] = {}

    def serves(self, run: Pass, x: Tensor) -> bool:
        """Whether it is to be had in such a pass: nothing but an activation stands between two maps."""
        return self.holds and goes_by_hand(run, x) and not x.requires_grad

    def __call__(self, run: Pass, x: Tensor) -> Flow:
        """Of x [member, batch, feature]."""
        given = self._of(x)
        if run.into and self._own:
            return self._without_autograd(given, run, x.contiguous())
        parameters = [*(one.weight(run) for one in self.maps), *(run.parameters[one.bias] for one in self.maps)]
        tap = x.new_zeros(()).expand(given[-1]).requires_grad_()
        forward, norms = partial(self._forward, given, run.probe), _room(given[-1])
        output: Tensor = _Dense.apply(forward, norms, tap, x.contiguous(), *parameters)  # type: ignore[no-untyped-call]
        return Flow(output, {}, {"signal": [tap]}, norms=lambda: {"signal": [norms]})

    def _of(self, x: Tensor) -> Any:
        """The rule of the activation, its coefficients [member], sizes, and the shape of what is hidden."""
        key = members, batch, dtype = *x.shape[:2], x.dtype
        if key not in self._given:
            assert self.activation.rule is not None, "asked for where there is one only"
            rule, coefficient = self.activation.rule
            coefficients = of_each(coefficient, members, dtype).numpy()
            shape = len(self.names), members, int(self.sizes[1]), batch
            self._given[key] = rule, coefficients, self.sizes, shape
        return self._given[key]

    def _without_autograd(self, given: Any, run: Pass, x: Tensor) -> Flow:
        """Autograd's part in both ways takes as long as they do themselves, for a stack of networks of ten units."""
        if self._read[0] is not run.parameters or self._read[1] is not run.into:
            places = (_places([tensors[name] for name in self._parameters]) for tensors in (run.parameters, run.into))
            self._read = run.parameters, run.into, *places
        _, _, places, made = self._read
        output, hidden, called = self._forward(given, run.probe, x.detach(), places)
        norms = _room(given[-1])

        def back(sent: Tensor) -> list[Tensor]:
            return [_backward(called, hidden, sent, norms, made)]

        return Flow(output, {}, {"signal": [None]}, back, lambda: {"signal": [norms]})

    def _forward(self, given: Any, probe: Probe | None, x: Tensor, places: Any) -> tuple[Tensor, Tensor, Any]:
        """Output, hidden values, and what the way back is called with."""
        rule, coefficients, sizes, (layers, members, width, batch) = given
        hidden = x.new_empty(members, layers * width, -(-batch // TILE) * TILE)
        entered = x.new_empty(0) if probe is None else torch.empty_like(hidden)
        output = x.new_empty(members, batch, int(sizes[-1]))
        chain = rule, coefficients, *places, sizes, batch, hidden.shape[2]
        inputs, values = x.view(-1).numpy(), hidden.view(-1).numpy()
        dense.chain_forward(chain, inputs, entered.view(-1).numpy(), values, output.view(-1).numpy())
        if probe is not None:
            probe.values["signal"] = [_by_place(entered, layers, batch)]
            rows = hidden.unsqueeze(1)
            for layer, name in enumerate(self.names):
                probe.applied[name] = [Applied(rows, width, first=0, row=layer * width, entries=batch)]
        return output, hidden, (chain, inputs, values)


class _Dense(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, way: Callable[..., Any], norms: Tensor, tap: Tensor, x: Tensor, *parameters: Tensor
    ) -> Tensor:
        dense_ones = [one if _is_dense(one) else one.contiguous() for one in parameters]
        output, *behind = way(x, _places(dense_ones))
        ctx.kept = dense_ones, norms, behind
        made: Tensor = output
        return made

    @staticmethod
    def backward(ctx: Any, sent: Tensor) -> tuple[Tensor | None, ...]:
        parameters, norms, (hidden, called) = ctx.kept
        ctx.kept = None  # what it holds is written over: there is no second way back
        made = [torch.empty_like(one) for one in parameters]
        back = _backward(called, hidden, sent, norms, _places(made))
        return None, None, back, None, *made


def _backward(called: Any, hidden: Tensor, sent: Tensor, norms: Tensor, made: Any) -> Tensor:
    """Leaves the gradients of parameters at the places `made`, and returns those of the flow points as the tap has it.

    They are written over the hidden values, and their `norms` [layer, member] where those belong.
    """
    dense.chain_backward(*called, sent.contiguous().view(-1).numpy(), norms.numpy(), *made)
    return _by_place(hidden, len(norms), sent.shape[1])


def _room(shape: Sequence[int]) -> Tensor:
    """For a norm of each hidden layer and member."""
    return torch.empty(tuple(shape[:2]), dtype=torch.float64)


def _by_place(hidden: Tensor, layers: int, batch: int) -> Tensor:
    """What is kept of hidden layers as [place, member, unit, sample]."""
    return hidden.view(len(hidden), layers, -1, hidden.shape[2]).transpose(0, 1)[..., :batch]


def _is_dense(parameter: Tensor) -> bool:
    """Whether every member's entries lie in a row, in [member, ...]."""
    return parameter.stride()[1:] in ((1,), (parameter.shape[-1], 1))


def _places(tensors: Sequence[Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Addresses of first members and steps between members, [weight or bias, map]."""
    both = np.array([[one.data_ptr() for one in tensors], [one.stride(0) for one in tensors]])
    places, steps = both.reshape(2, 2, -1)
    return places, steps
