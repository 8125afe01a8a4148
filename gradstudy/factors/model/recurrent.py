"""The stacked recurrent network that rnn, lstm and gru share: a hoisted input projection and an explicit time loop.

The loop is explicit because a fused kernel hides the gradient at h_t. Each time step is one batched matrix product
and a few element-wise kernels over all members; autograd hands out dL/dh_t together with the parameter gradients.
Where nothing stands inside the cell, the whole loop and its way back are machine code of our own (unrolled.py).
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from gradstudy.factors.model.layers import (
    Linear,
    SkipJoin,
    Weight,
    activation,
    as_sequence,
    check_joins,
    goes_by_hand,
    parameters_and_buffers,
)
from gradstudy.factors.model.random_maps import random_map
from gradstudy.factors.model.unrolled import Unrolled, UnrolledCell
from gradstudy.layer_parts import Adjust, Layers, Normalization, TensorMap
from gradstudy.network import Flow, Local, Parameter, Pass, Role, Shape, numbered
from gradstudy.parts import MOST_LAYERS, WIDEST_LAYER, Part, number
from gradstudy.random_network import Facts, NoTheory, RandomRecurrent

CellState = tuple[Tensor, ...]
CellStep = Callable[[Tensor, CellState, Tensor, Tensor, Tensor], CellState]
"""(W_ih x_t + b [member, batch, gates * width], state, the hidden state that enters W_hh, W_hh^T, b_hh) -> state."""


@dataclass(frozen=True)
class Recurrent(Part, group="model"):
    """A recurrent family: the size of its layers, and what its cell does in one time step.

    `vanilla`: a step is h_t = phi(W_ih x_t + W_hh h_{t-1} + b) and nothing else. `gates`: blocks of W_hh.
    `normalized`: what a step normalises by itself, by name, in widths, in the order of the gates. `quantities`: what
    each state of the cell reports. `gated`: those of them whose b_hh the step adds itself, because it gates it (the
    GRU's candidate); other biases are folded into the input projection, or added behind the normalisation where there
    is one (Ba, Kiros & Hinton 2016; Cooijmans et al. 2017). `unrolled`: its machine code.
    """

    vanilla: ClassVar[bool] = False
    gates: ClassVar[int] = 1
    normalized: ClassVar[Mapping[str, int]] = {"norm": 1}
    quantities: ClassVar[tuple[str, ...]] = ("signal",)
    gated: ClassVar[tuple[str, ...]] = ()
    unrolled: ClassVar[UnrolledCell]

    width: int = number(32, at_least=1, at_most=WIDEST_LAYER)
    depth: int = number(1, at_least=1, at_most=MOST_LAYERS)

    def network(self, shape: Shape, layers: Layers) -> "RecurrentNetwork":
        if layers.normalization.after and self.gates > 1:
            raise ValueError(
                "normalization.after=true has no place in a gated cell, which is normalised before its gates: set it "
                "to false, or use model=rnn"
            )
        check_joins(layers, self.depth - 1)
        if layers.residual.adjust(self.depth - 1, maps=1, index=0) is not None:
            raise ValueError(
                "a recurrent layer has no last map that could start at zero: use residual=rezero or additive"
            )
        return RecurrentNetwork(self, shape, layers)

    @abstractmethod
    def step(self, activate: TensorMap, normalize: Mapping[str, TensorMap]) -> CellStep:
        """One time step, given the activation and the normalisations by name."""

    def blocks(self, weight_hh: Tensor, bias_hh: Tensor, bias_ih: Tensor, weight_ih: Tensor) -> tuple[Tensor, ...]:
        """W_hh, b and W_ih of the machine code, all given and returned as [member, block of rows, width, ...]."""
        return weight_hh, bias_hh + bias_ih, weight_ih

    def adjust_bias(self) -> Adjust:
        """What is done, in place, to the drawn b_hh of a member."""
        return None


class RecurrentNetwork:
    """`depth` layers of one cell over time, read out linearly at the last step, or at each where the task asks so.

    Inputs are [member, batch, time, feature]; an image is read row by row. Weights are named and shaped as those of
    torch.nn.RNN, LSTM and GRU behind the prefix `recurrent`, so that another program can compare them. A residual
    connection joins a layer's input and output from the second layer on.
    """

    greedy = ()

    def __init__(self, cell: Recurrent, shape: Shape, layers: Layers):
        length, features = shape.sequence
        self.cell, self.each_step = cell, shape.each_step
        plain = type(layers.normalization).at is Normalization.at and not layers.regularization.drops_states
        self.runs_by_hand = plain and layers.activation.rule is not None
        self.layers = [_Layer(cell, index, cell.width if index else features, layers) for index in range(cell.depth)]
        self.readout = Linear("readout", cell.width, shape.outputs, layers, role="edge")
        self.parameters, self.buffers = parameters_and_buffers(*self.layers, self.readout)
        self.places = {quantity: numbered("time", length) for quantity in cell.quantities}

    def narrowest(self, batch: int) -> int:
        return batch * self.cell.width

    def __call__(self, run: Pass, inputs: Tensor) -> Flow:
        # [member, time, batch, feature]: a time step is then one dense block
        sequence = as_sequence(inputs).transpose(1, 2)
        by_hand = self.runs_by_hand and goes_by_hand(run, sequence)
        states, taps, unrolled = [], [], []
        for layer in self.layers:
            around, through = layer.fork(run, sequence)
            whole = self.each_step or layer is not self.layers[-1]
            if by_hand:
                hidden, tapped, steps = layer.unrolled(run, through, whole)
                taps.append(tapped)
                unrolled.append(steps)
            else:
                states.append(layer.states(run, through))
                hidden = torch.stack([state[0] for state in states[-1][0 if whole else -1 :]], dim=1)
            sequence = layer.output(run, around if whole else around[:, -1:], hidden)
        members, length, batch, width = sequence.shape
        output = self.readout(run, sequence.reshape(members, length * batch, width)).view(members, length, batch, -1)
        output = output.transpose(1, 2) if self.each_step else output[:, 0]
        if by_hand:

            def by_quantity(layers: Iterable[Sequence[Tensor]]) -> dict[str, tuple[Tensor, ...]]:
                return dict(zip(self.cell.quantities, zip(*layers, strict=True), strict=True))

            return Flow(output, {}, by_quantity(taps), norms=lambda: by_quantity(one.norms for one in unrolled))
        points = {
            quantity: [tuple(state[kind] for state in moment) for moment in zip(*states, strict=True)]
            for kind, quantity in enumerate(self.cell.quantities)
        }
        return Flow(output, points)

    def random_network(self, facts: Facts) -> RandomRecurrent:
        if not self.cell.vanilla:
            raise NoTheory("gates multiply what a recurrent cell keeps and lets in: only model=rnn has a theory here")
        if len(self.layers) > 1:
            raise NoTheory("in stacked recurrent layers a time step reaches the next ones by more ways than one")
        return self.layers[0].random_network(facts)


class _Layer:
    """One layer of cells over all time steps."""

    def __init__(self, cell: Recurrent, index: int, features: int, layers: Layers):
        self.cell, self.index, self.parts, self.place = cell, index, layers, f"recurrent.l{index}"
        bound, rows = 1 / math.sqrt(cell.width), cell.gates * cell.width

        def named(kind: str, *size: int, role: Role, blocks: int = 1, adjust: Adjust = None) -> Parameter:
            return Parameter(f"recurrent.{kind}_l{index}", size, role, bound, blocks, adjust=adjust)

        normalization = layers.normalization
        self.weight_ih = Weight(named("weight_ih", rows, features, role="edge"), normalization)
        self.weight_hh = Weight(
            named("weight_hh", rows, cell.width, role="recurrent", blocks=cell.gates), normalization
        )
        self.biases = (
            named("bias_ih", rows, role="bias"),
            named("bias_hh", rows, role="bias", adjust=cell.adjust_bias()),
        )
        self.join = SkipJoin(self.place, cell.width, cell.depth - 1, layers) if index else None
        norms = [(f"{self.place}.{name}", size * cell.width) for name, size in cell.normalized.items()]
        self.parameters = (
            *self.weight_ih.parameters,
            *self.weight_hh.parameters,
            *self.biases,
            *(parameter for norm in norms for parameter in normalization.parameters(*norm)),
            *layers.activation.parameters(f"{self.place}.activation"),
            *(self.join.parameters if self.join else ()),
        )
        self.buffers = (
            *self.weight_ih.buffers,
            *self.weight_hh.buffers,
            *(buffer for norm in norms for buffer in normalization.buffers(*norm)),
        )

    def fork(self, run: Pass, sequence: Tensor) -> tuple[Tensor, Tensor]:
        """What passes this layer by, and what enters it."""
        return (sequence, sequence) if self.join is None else self.join.fork(run, sequence)

    def states(self, run: Pass, sequence: Tensor) -> list[CellState]:
        """The states [member, batch, width], one per time step, for inputs [member, time, batch, feature]."""
        cell, own = self.cell, run.at(self.place)
        within, behind, gated = self._biases(run)
        members, length, batch, features = sequence.shape
        flat = sequence.reshape(members, length * batch, features)
        projected = torch.baddbmm(within, flat, self.weight_ih(run).transpose(1, 2)).view(members, length, batch, -1)
        weight_hh = self.weight_hh(run)
        entered: list[Tensor] = []
        if not cell.gated:
            projected = OneProduct.apply(projected, weight_hh, entered)  # type: ignore[no-untyped-call]  # torch leaves it open
            weight_hh = weight_hh.detach()
        step, drop = self._step(own, behind), self.parts.regularization.drop_state(own)
        recurrence = weight_hh.transpose(1, 2)
        state = tuple(projected.new_zeros(members, batch, cell.width) for _ in cell.quantities)
        states = []
        # unbind once: indexing [:, t] inside the loop makes every backward fill a full-size zero tensor (5x slower)
        for projection in projected.unbind(1):
            entering = drop(state[0])
            entered.append(entering.detach())
            state = step(projection, state, entering, recurrence, gated)
            states.append(state)
        return states

    def unrolled(self, run: Pass, sequence: Tensor, whole: bool) -> tuple[Tensor, list[Tensor], Unrolled]:
        """h_t [member, time, batch, width], of the last step alone unless `whole`, and a tap for each quantity."""
        biases = (run.parameters[bias.name].unsqueeze(2) for bias in self.biases[::-1])
        weights = self.weight_hh(run), *biases, self.weight_ih(run)
        rows = self.cell.gates, self.cell.width
        blocks = self.cell.blocks(*(weight.reshape(len(weight), *rows, weight.shape[-1]) for weight in weights))
        layer = Unrolled(self.cell.unrolled, self.parts.activation, whole)
        hidden, taps = layer(blocks, sequence, taps=len(self.cell.quantities))
        if run.probe is not None:
            size = self.cell.width, sequence.shape[2]
            run.probe.applied[self.place] = layer.applied(*size)
            for quantity, values in zip(self.cell.quantities, layer.values(*size), strict=True):
                run.probe.values.setdefault(quantity, []).append(values)
        return hidden, taps, layer

    def output(self, run: Pass, sequence: Tensor, hidden: Tensor) -> Tensor:
        """What the next layer reads, [member, time, batch, width]: dropped out, and joined with this layer's input."""
        hidden = self.parts.regularization.drop_sequence(run.at(self.place))(hidden)
        if self.join is None:
            return hidden
        return self.join(run, sequence.flatten(1, 2), hidden.flatten(1, 2)).view_as(hidden)

    def random_network(self, facts: Facts) -> RandomRecurrent:
        """What theory takes the only layer for: what is dropped behind h_t scales all gradients alike."""
        if self.parts.normalization.norm() != "none":
            raise NoTheory("a norm stands inside the recurrent cell")
        self.parts.regularization.dropped()
        law, power = facts.law, as_sequence(torch.from_numpy(facts.inputs.power)[None, None])
        entering = random_map(self.weight_ih.drawn, law, biases=len(self.biases))
        recurrent = random_map(self.weight_hh.drawn, law, biases=0)
        return RandomRecurrent(entering, recurrent, facts.curve, power[0, 0].mean(-1).numpy())

    def _biases(self, run: Pass) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """The biases of the input projection, those behind each normalisation, and those of what the step gates.

        All [member, 1, feature]. Every bias stands in one place: a norm would take away what stands before it.
        """
        cell, widths = self.cell, [size * self.cell.width for size in self.cell.normalized.values()]
        bias_ih, bias_hh = (run.parameters[bias.name].unsqueeze(1) for bias in self.biases)
        outer = bias_ih + bias_hh
        if cell.gated:
            named = zip(
                cell.normalized, *(torch.split(bias, widths, dim=2) for bias in (bias_ih, bias_hh)), strict=True
            )
            pairs = [(i, h) if name in cell.gated else (i + h, torch.zeros_like(h)) for name, i, h in named]
            outer, gated = (torch.cat(biases, dim=2) for biases in zip(*pairs, strict=True))
        else:
            gated = torch.zeros_like(bias_hh)
        if not self.parts.normalization.standardizes or self.parts.normalization.after:
            return outer, {}, gated
        return (
            torch.zeros_like(outer),
            dict(zip(cell.normalized, torch.split(outer, widths, dim=2), strict=True)),
            gated,
        )

    def _step(self, own: Local, behind: Mapping[str, Tensor]) -> CellStep:
        """The cell's step; the biases of `behind` are added to what is normalised, by name."""
        normalize = {name: self.parts.normalization.at(own.at(name)) for name in self.cell.normalized}
        activate = activation(own, self.parts)
        if self.parts.normalization.after:
            (after,) = normalize.values()
            return self.cell.step(lambda x: after(activate(x)), dict.fromkeys(normalize, lambda x: x))
        return self.cell.step(activate, {name: _biased(one, behind.get(name)) for name, one in normalize.items()})


def _biased(normalize: TensorMap, bias: Tensor | None) -> TensorMap:
    return normalize if bias is None else lambda x: normalize(x) + bias


class OneProduct(torch.autograd.Function):
    """Gives W_hh its gradient in one product over all time steps, where the loop would add up a small one per step.

    Where h_{t-1} enters beside the projection, dL/dW_hh = sum_t (dL/dprojection_t)^T h_{t-1}. `entered` is filled with
    h_0, h_1, ... by the loop that follows, which runs on a detached W_hh. A fifth faster at width 32.
    """

    @staticmethod
    def forward(ctx: Any, projected: Tensor, weight_hh: Tensor, entered: list[Tensor]) -> Tensor:
        ctx.entered = entered
        return projected.view_as(projected)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        hidden = torch.stack(ctx.entered[: gradient.shape[1]], dim=1).flatten(1, 2)
        return gradient, torch.bmm(gradient.flatten(1, 2).transpose(1, 2), hidden), None
