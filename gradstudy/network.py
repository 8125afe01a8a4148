"""What a model family hands to the training engine: named parameters, and a stacked function that shows its flow.

Axis names: member, batch, feature. A stacked tensor has the member axis first; a member alone is a stack of one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:  # ground stays light: annotations must not import torch
    from torch import Tensor

Role = Literal["hidden", "edge", "bias"]


@dataclass(frozen=True)
class Shape:
    """What goes in and out of a network? `length` time steps (1 without time) of `features`, then `outputs`."""

    length: int
    features: int
    outputs: int


@dataclass(frozen=True)
class Parameter:
    """How is one parameter of one member shaped and filled?

    `role`: `hidden` weights carry the measured signal and are what `init` varies; `edge` weights (input, read-out)
    and, under `init=default`, everything else take PyTorch's own law U(-bound, bound). `blocks` square matrices may
    be stacked along the first axis (the gates of an LSTM); each is filled by itself.
    """

    name: str
    shape: tuple[int, ...]
    bound: float
    role: Role
    blocks: int = 1


@dataclass(frozen=True)
class Flow:
    """What did a forward pass make? The output [member, batch, output] and the flow points.

    `points` maps a quantity (`signal`, `cell_signal`) to its places in natural order. A place is a tuple of tensors
    [member, batch, feature]: the layers of a stacked recurrent network share one time step.
    """

    output: "Tensor"
    points: Mapping[str, Sequence[tuple["Tensor", ...]]]


class Network(Protocol):
    """A stacked network without state: the engine owns the parameters."""

    parameters: tuple[Parameter, ...]
    places: Mapping[str, tuple[str, ...]]

    def __call__(self, parameters: Mapping[str, "Tensor"], inputs: "Tensor") -> Flow: ...


def numbered(kind: str, count: int) -> tuple[str, ...]:
    """Names of `count` places that sort in natural order: `layer_01`, ... or `time_001`, ..."""
    digits = max({"layer": 2, "time": 3}[kind], len(str(count)))
    return tuple(f"{kind}_{place:0{digits}d}" for place in range(1, count + 1))
