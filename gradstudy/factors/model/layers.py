"""The stacked layers that the families share: a linear map of every member, and what stands between two maps.

A layer knows its place in the network by name, lists its parameters and buffers, and is a function of a pass.
"""

import math
from typing import Protocol

import torch
from torch import Tensor

from gradstudy.factors.model.random_maps import random_map
from gradstudy.factors.model.ruled import ruled
from gradstudy.kernels.compiled import runs_compiled
from gradstudy.layer_parts import Adjust, Layers, Normalization, TensorMap
from gradstudy.network import Local, Parameter, Pass, Role
from gradstudy.random_network import Law, RandomMap


class Layer(Protocol):
    """A part of a network that lists its parameters and buffers."""

    @property
    def parameters(self) -> tuple[Parameter, ...]: ...

    @property
    def buffers(self) -> tuple[Parameter, ...]: ...


class StackedLayer(Layer, Protocol):
    """A function of x [member, sample, ...] in a pass."""

    def __call__(self, run: Pass, x: Tensor) -> Tensor: ...


class StackedMap(StackedLayer, Protocol):
    """A linear map of every member, such as Linear or Convolution."""

    def random_map(self, law: Law) -> RandomMap:
        """The random map that it is to theory."""
        ...


class Weight:
    """One weight as its map uses it, [member, out, ...]: through a normalisation of weights where there is one."""

    def __init__(self, parameter: Parameter, normalization: Normalization):
        self.name, self.drawn, self._normalization = parameter.name, parameter, normalization
        self.parameters = normalization.weight_parameters(parameter)
        if parameter.adjust is not None and any(one.scale_free for one in self.parameters):
            raise ValueError(
                f"{parameter.name} starts at zero or rescaled, and a norm that takes its scale away would undo that: "
                "use residual=rezero, or normalization=weight"
            )
        self.buffers = normalization.weight_buffers(parameter)

    def __call__(self, run: Pass) -> Tensor:
        weight = run.parameters[self.name]
        return weight if run.watched is not None else self._normalization.weight_at(run.at(self.name), weight)


class Linear:
    """x [member, sample, in] -> [member, sample, out], as torch.nn.Linear for every member."""

    def __init__(
        self,
        name: str,
        inputs: int,
        outputs: int,
        layers: Layers,
        *,
        role: Role = "hidden",
        adjust: Adjust = None,
        trained: bool = True,
    ):
        bound = 1 / math.sqrt(inputs)
        weight = Parameter(f"{name}.weight", (outputs, inputs), role, bound, adjust=adjust, trained=trained)
        self.weight = Weight(weight, layers.normalization)
        self.bias = f"{name}.bias"
        bias = Parameter(self.bias, (outputs,), "bias", bound, adjust=adjust, trained=trained)
        self.parameters, self.buffers = (*self.weight.parameters, bias), self.weight.buffers

    def __call__(self, run: Pass, x: Tensor) -> Tensor:
        bias = run.parameters[self.bias].unsqueeze(1)
        return watched(run, self.weight.name, torch.baddbmm(bias, x, self.weight(run).transpose(1, 2)))

    def random_map(self, law: Law) -> RandomMap:
        return random_map(self.weight.drawn, law)


class Normalized:
    """The normalisation of one place."""

    def __init__(self, name: str, size: int, layers: Layers, *, spatial: bool = False):
        self.name, self.normalization = name, layers.normalization
        self.parameters = layers.normalization.parameters(self.name, size, spatial=spatial)
        self.buffers = layers.normalization.buffers(self.name, size)

    def __call__(self, run: Pass, x: Tensor) -> Tensor:
        return self.normalization.at(run.at(self.name))(x)


class Activated:
    """The activation of one place; `drops`: dropout follows."""

    def __init__(self, name: str, layers: Layers, *, drops: bool = False):
        self.name, self.layers, self.drops = name, layers, drops
        self.parameters, self.buffers = layers.activation.parameters(f"{name}.activation"), ()

    def __call__(self, run: Pass, x: Tensor) -> Tensor:
        own = run.at(self.name)
        active = activation(own, self.layers)(x)
        return self.layers.regularization.drop(own)(active) if self.drops else active


class Nonlinearity:
    """Normalisation and activation in the order that the normalisation asks for, then dropout; shapes stay."""

    def __init__(self, name: str, size: int, layers: Layers, *, spatial: bool = False):
        self.name, self.regularization = name, layers.regularization
        both: list[StackedLayer] = [Normalized(f"{name}.norm", size, layers, spatial=spatial), Activated(name, layers)]
        self.parameters, self.buffers = parameters_and_buffers(*both)
        self.ordered = both[::-1] if layers.normalization.after else both

    def __call__(self, run: Pass, x: Tensor) -> Tensor:
        for one in self.ordered:
            x = one(run, x)
        return self.regularization.drop(run.at(self.name))(x)


class SkipJoin:
    """Where a branch meets its skip, as one of `blocks` joins behind each other; both have `size` features.

    `fork` stands where the two part: what goes on to the skip, and what goes on to the branch.
    """

    def __init__(self, name: str, size: int, blocks: int, layers: Layers):
        self.place, self.name, self.blocks, self.residual = name, f"{name}.residual", blocks, layers.residual
        self.parameters, self.buffers = layers.residual.parameters(self.name, size), ()

    def fork(self, run: Pass, x: Tensor) -> tuple[Tensor, Tensor]:
        if run.probe is None or not self.residual.joins:
            return x, x
        run.probe.forks[self.place] = ways = x.view_as(x), x.view_as(x)
        return ways

    def __call__(self, run: Pass, skip: Tensor, branch: Tensor) -> Tensor:
        return self.residual.at(run.at(self.name), self.blocks)(skip, branch)


def activation(local: Local, layers: Layers) -> TensorMap:
    """The activation of one place in one pass; a probing pass keeps what enters it."""
    function = layers.activation.at(local.at("activation"))
    if local.run.probe is None:
        return function
    entered = local.run.probe.entered.setdefault(local.place, [])

    def watched_function(x: Tensor) -> Tensor:
        by_rule = layers.activation.rule is not None and looks_by_hand(local.run, x)
        y = ruled(layers.activation, x) if by_rule else function(x)
        entered.append((function, x, y))
        return y

    return watched_function


def looks_by_hand(run: Pass, x: Tensor) -> bool:
    """Whether a look inside may take machine code, in float64."""
    return run.probe is not None and run.probe.by_hand and runs_compiled(x, torch.float64)


def goes_by_hand(run: Pass, x: Tensor) -> bool:
    """Whether machine code that goes forward and back as one may be taken: in training, or in a look inside."""
    return (run.by_hand and runs_compiled(x)) or looks_by_hand(run, x)


def check_joins(layers: Layers, joins: int) -> None:
    """ValueError where a residual connection has no place: it would be a factor that does nothing."""
    if layers.residual.joins and not joins:
        raise ValueError(
            "a residual connection needs a layer to lead around, and a single layer has none: give model.depth=2 or "
            "more, or residual=none"
        )


def as_sequence(inputs: Tensor) -> Tensor:
    """[member, batch, time, feature]: an image is read row by row, all channels of a row together."""
    return inputs.transpose(2, 3).flatten(3) if inputs.dim() == 5 else inputs


def watched(run: Pass, weight: str, output: Tensor) -> Tensor:
    """The output of a map, left where someone watches for it."""
    if run.watched is not None:
        run.watched[weight] = output
    return output


def parameters_and_buffers(*layers: Layer) -> tuple[tuple[Parameter, ...], tuple[Parameter, ...]]:
    """All parameters and all buffers of these layers, in order."""
    parameters = tuple(parameter for layer in layers for parameter in layer.parameters)
    return parameters, tuple(buffer for layer in layers for buffer in layer.buffers)
