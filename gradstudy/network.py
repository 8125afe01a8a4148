"""What a model family hands to the training engine: named parameters, and a stacked function that shows its flow.

Axis names: member, batch, feature. A stacked tensor has the member axis first; a member alone is a stack of one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:  # ground stays light: annotations must not import torch
    from torch import Generator, Tensor

Role = Literal["hidden", "recurrent", "edge", "bias", "own"]

KERNEL_TAIL = 32
"""Elements at the end of a tensor that vector kernels may hand to scalar code (two AVX-512 registers of float32)."""


@dataclass(frozen=True)
class Shape:
    """What goes in and out of a network. `outputs`: how many numbers come out.

    `inputs` of one sample: (feature,), (time, feature) or (channel, height, width). `each_step`: the `outputs` are
    wanted at every time step and not once.
    """

    inputs: tuple[int, ...]
    outputs: int
    each_step: bool = False

    @property
    def features(self) -> int:
        """The count of numbers in one sample, flattened. ValueError where one output per sample is not enough."""
        if self.each_step:
            raise ValueError("this task wants an output at every time step: use model=rnn, lstm, gru or transformer")
        return prod(self.inputs)

    @property
    def sequence(self) -> tuple[int, int]:
        """(time, feature) for a model that reads in time; images row by row. ValueError for plain features."""
        if len(self.inputs) == 1:
            raise ValueError(
                f"this model reads a sequence, and the task gives {self.inputs[0]} plain feature(s): use model=mlp, "
                "or a task with time steps or images (adding, sequential_digits, digits with task.image=true, "
                "table with task.window=16)"
            )
        return (self.inputs[0], self.inputs[1]) if len(self.inputs) == 2 else (self.inputs[1], prod(self.inputs[::2]))

    @property
    def image(self) -> tuple[int, int, int]:
        """(channel, height, width) for a model that convolves. ValueError for anything but images."""
        if len(self.inputs) != 3:
            other = "model=rnn" if self.each_step else "model=mlp, or model=resnet with model.kind=dense"
            raise ValueError(
                f"this model convolves images, and the task gives inputs of {' x '.join(map(str, self.inputs))}: use "
                f"a task with images (task=digits task.image=true), or {other}"
            )
        return self.inputs


@dataclass(frozen=True)
class Parameter:
    """The shape of one parameter (or buffer) of one member, and what fills it.

    `role` decides who fills it. `hidden` and `recurrent` weights carry the measured signal: the init does, block by
    block where `blocks` of them are stacked along the first axis (the gates of an LSTM). `edge` weights take PyTorch's
    own law U(-bound, bound), `bias` what the init says of biases, and `own` what `fill` returns, given the filled
    parameter that `of` names (its own unfilled tensor without one) and a generator. `adjust` then changes the drawn
    tensor in place.
    `trained=False` keeps it as it was filled. `scale_free`: the map does not change when the weight is scaled.
    """

    name: str
    shape: tuple[int, ...]
    role: Role
    bound: float = 0.0
    blocks: int = 1
    fill: "Callable[[Tensor, Generator], Tensor] | None" = None
    of: str | None = None
    adjust: "Callable[[Tensor], object] | None" = None
    trained: bool = True
    scale_free: bool = False


@dataclass(frozen=True)
class Applied:
    """The values of a nonlinearity in [member, sample, row, entry], which lie densely.

    From the `first` sample on, a unit in each of so many rows, from that `row` on, in its first `entries`.
    """

    values: "Tensor"
    units: int
    first: int
    row: int
    entries: int


@dataclass
class Probe:
    """What a probing pass leaves behind beside its flow.

    `by_hand`: machine code will do that goes forward and back as one, and leaves what follows; nothing but the standard
    quantities is asked for. `values`: by quantity, one for each tensor of a flow point's place, what a forward pass had
    there, [place, member, ...], and `applied`: by nonlinearity its values, where to look at them until the way back.
    `entered`: by nonlinearity its function, what entered it [member, sample, unit, ...] and what came out, once per
    time that it was applied. `forks`: by join, what goes on to the skip and what goes on to the branch, as two tensors
    with a gradient each.
    """

    by_hand: bool = False
    values: "dict[str, list[Tensor]]" = field(default_factory=dict)
    applied: "dict[str, list[Applied]]" = field(default_factory=dict)
    entered: "dict[str, list[tuple[Callable[[Tensor], Tensor], Tensor, Tensor]]]" = field(default_factory=dict)
    forks: "dict[str, tuple[Tensor, Tensor]]" = field(default_factory=dict)


@dataclass
class Pass:
    """One forward pass of a stacked network: what it reads, and what it leaves behind beside its flow.

    `uniform(place, shape)` draws numbers in [0, 1) per member; without it nothing is dropped out. `updates` collects
    the buffers that this pass changed. With `watched` a mapping, every map of weights leaves its output there, by the
    weight's name, and weights are taken as they are filled, before any normalisation of weights. `probe` collects what
    a look inside needs. `into` has, by a parameter's name, a tensor [member, ...] into which a backward pass that is
    written by hand may put its gradient: what it then returns is that tensor, without a copy. A parameter that is used
    more than once in a pass must not use it.
    """

    parameters: "Mapping[str, Tensor]"
    buffers: "Mapping[str, Tensor]" = field(default_factory=dict)
    training: bool = False
    uniform: "Callable[[str, Sequence[int]], Tensor] | None" = None
    watched: "dict[str, Tensor] | None" = None
    updates: "dict[str, Tensor]" = field(default_factory=dict)
    probe: Probe | None = None
    into: "Mapping[str, Tensor]" = field(default_factory=dict)

    @property
    def by_hand(self) -> bool:
        """Whether a backward pass written by hand will do: nobody looks at what happens in between."""
        return self.probe is None and self.watched is None and self.training

    def at(self, place: str) -> "Local":
        """What the layer at this place sees of the pass."""
        return Local(self, place)


class Local:
    """What one layer sees of a pass: its own parameters, buffers and draws, by their short names."""

    def __init__(self, run: Pass, place: str):
        self.run, self.place, self.training = run, place, run.training

    def __getitem__(self, name: str) -> "Tensor":
        return self.run.parameters[f"{self.place}.{name}"]

    def at(self, name: str) -> "Local":
        return Local(self.run, f"{self.place}.{name}")

    def buffer(self, name: str) -> "Tensor":
        full = f"{self.place}.{name}"
        return self.run.updates[full] if full in self.run.updates else self.run.buffers[full]

    def keep(self, name: str, value: "Tensor") -> None:
        """Makes `value` the buffer's for what comes after."""
        self.run.updates[f"{self.place}.{name}"] = value.detach()

    def uniform(self, shape: "Sequence[int]") -> "Tensor":
        """Numbers in [0, 1), [member, ...]: a stream per member, place and step; again the same within a step."""
        assert self.run.uniform is not None, "asked for in passes that draw only"
        return self.run.uniform(self.place, shape)


@dataclass(frozen=True)
class GreedyLayer:
    """One hidden layer x -> phi(W x + b) as a network offers it for pretraining.

    `weight` and `bias` are names of parameters, `activation` gives phi in a pass. `trained=False` keeps the layer as it
    was filled.
    """

    weight: str
    bias: str
    activation: "Callable[[Pass], Callable[[Tensor], Tensor]]"
    trained: bool = True


@dataclass(frozen=True)
class Flow:
    """What a forward pass made: the output [member, batch, output] and the flow points.

    `points` maps a quantity (`signal`, `cell_signal`) to its places in natural order. A place is a tuple of tensors
    [member, batch, ...]: the layers of a stacked recurrent network share one time step. A network whose backward pass
    is written by hand has no tensor of a graph at each place. It gives `taps` instead: by quantity, and one for each
    tensor of a place, a tensor [place, member, ...] that is added to nothing, whose gradient is that of all places.

    Where the way back has taken the norms of these gradients itself, `norms` gives those of the last one: by quantity,
    one [place, member] in float64 for each tap.

    Where a network can go all the way `back` without autograd, its output is no part of a graph. Given the gradient of
    that, `back` leaves those of all parameters in the pass's `into`, and returns those of `taps`, which are None then.
    It goes once: it writes over what it needs.
    """

    output: "Tensor"
    points: "Mapping[str, Sequence[tuple[Tensor, ...]]]"
    taps: "Mapping[str, Sequence[Tensor | None]] | None" = None
    back: "Callable[[Tensor], list[Tensor]] | None" = None
    norms: "Callable[[], Mapping[str, Sequence[Tensor]]] | None" = None

    @property
    def tensors(self) -> "list[Tensor]":
        """What to ask the gradients of for those of all flow points, in a row."""
        if self.taps is not None:
            return [tap for taps in self.taps.values() for tap in taps if tap is not None]
        return [tensor for places in self.points.values() for place in places for tensor in place]

    def by_place(self, row: "Sequence[Tensor]") -> "dict[str, list[list[Tensor]]]":
        """One tensor for each of `tensors`, such as its gradient, ordered as the points are: by quantity and place."""
        left = iter(row)
        return {quantity: [[next(left) for _ in place] for place in places] for quantity, places in self.points.items()}

    def by_tap(self, row: "Sequence[Tensor]") -> "dict[str, list[Tensor]]":
        """The same where there are taps: by quantity one tensor [place, member, ...] for each of a place's tensors."""
        assert self.taps is not None, "asked for where there are taps only"
        left = iter(row)
        return {quantity: [next(left) for _ in taps] for quantity, taps in self.taps.items()}


class Network(Protocol):
    """A stacked network without state: the engine owns parameters and buffers.

    `greedy`: the layers that can be pretrained one by one, if there are any. `places`: the names of the flow points, by
    quantity and in natural order.
    """

    greedy: Sequence[GreedyLayer]
    parameters: tuple[Parameter, ...]
    buffers: tuple[Parameter, ...]
    places: Mapping[str, tuple[str, ...]]

    def narrowest(self, batch: int) -> int:
        """The smallest number of elements that lie together in memory for one member in any activation."""
        ...

    def __call__(self, run: Pass, inputs: "Tensor") -> Flow:
        """The flow of one pass for inputs [member, batch, *shape of a sample]."""
        ...


def spread_over(values: "Tensor", like: "Tensor") -> "Tensor":
    """[member, ...], with axes of length 1 behind its own, to broadcast over `like` [member, ..., ...]."""
    return values.view(*values.shape, *[1] * (like.dim() - values.dim()))


def numbered(kind: str, count: int) -> tuple[str, ...]:
    """Names of `count` places that sort in natural order: `layer_01`, ..., or `time_001`, ... with three digits."""
    digits = max(2 if kind == "layer" else 3, len(str(count)))
    return tuple(f"{kind}_{place:0{digits}d}" for place in range(1, count + 1))
