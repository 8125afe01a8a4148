"""What a network is made of beside its family: the contracts of four groups of parts, and the network that they make.

A level of one of these groups is a dataclass that fills in what its base class leaves open. Axis names: member, sample,
feature; tokens, time steps and pixels are said where they stand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradstudy.network import Local, Network, Parameter
from gradstudy.parts import Part
from gradstudy.random_network import Norm, NoTheory

if TYPE_CHECKING:  # ground stays light: annotations must not import torch
    from torch import Tensor

TensorMap = Callable[["Tensor"], "Tensor"]
Join = Callable[["Tensor", "Tensor"], "Tensor"]
"""(skip, branch) -> joined; all [member, sample, feature] or [member, sample, channel, height, width]."""
Adjust = Callable[["Tensor"], object] | None
"""What is done, in place, to the drawn weight or bias of a member; None where nothing is."""


@dataclass(frozen=True)
class Activation(Part, group="activation"):
    """A function of one number. One that learns (PReLU) names its `parameters`, and `at` binds them.

    `saturates`: it is flat at both ends and steepest at 0. One of those that machine code knows says as which, by its
    number in kernels/rules.py and its coefficient.
    """

    saturates = False

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        if "rule" not in vars(cls) and {"__call__", "at"} & vars(cls).keys():
            cls.rule = Activation.rule  # type: ignore[method-assign]  # that of another function is none of this one

    @property
    def rule(self) -> "tuple[int, float | Tensor] | None":
        return None

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        """What it learns at the place `name`."""
        return ()

    def at(self, local: Local) -> TensorMap:
        """The function at one place of a network in one forward pass."""
        return self

    def __call__(self, x: "Tensor") -> "Tensor":
        raise NotImplementedError


@dataclass(frozen=True)
class Normalization(Part, group="normalization"):
    """A map of features, or of weights, that takes away their scale; here it changes nothing.

    `x` is [member, sample, feature] or, for images, [member, sample, channel, height, width]: the feature axis is
    always the third, and tokens or time steps count as samples. `after`: it follows the activation. `standardizes`: it
    acts on features, and takes their scale away. `eps` is added to a variance before a norm divides by its root.
    """

    after = False
    standardizes = False
    eps = 0.0

    def parameters(self, name: str, size: int, *, spatial: bool = False) -> tuple[Parameter, ...]:
        """What it learns at the place `name` for `size` features. ValueError where it cannot stand."""
        return ()

    def buffers(self, name: str, size: int) -> tuple[Parameter, ...]:
        """What it remembers there between steps."""
        return ()

    def at(self, local: Local) -> TensorMap:
        """The function of features at one place of a network in one forward pass."""
        return lambda x: x

    def weight_parameters(self, weight: Parameter) -> tuple[Parameter, ...]:
        """That weight, and what is learned beside it."""
        return (weight,)

    def weight_buffers(self, weight: Parameter) -> tuple[Parameter, ...]:
        """What is remembered of that weight between steps."""
        return ()

    def weight_at(self, local: Local, weight: "Tensor") -> "Tensor":
        """The weight [member, out, ...] that the map uses; `local` is the place of the weight's own name."""
        return weight

    def norm(self) -> Norm:
        """The norm of features that it starts as, with its `eps`. NoTheory where theory has no such norm."""
        raise NoTheory("this normalization does not say which norm of features it is")


@dataclass(frozen=True)
class Residual(Part, group="residual"):
    """A join of a layer's input and output. `blocks` is how many joins a network has, one behind the other.

    In a transformer, whose sublayers are joined one by one, that is two per block. `joins`: there is a skip at all.
    `projection`: where a block changes the number of features, its skip passes through a linear map; without one such
    a network is refused.
    """

    joins = True
    projection = False

    def parameters(self, name: str, size: int) -> tuple[Parameter, ...]:
        """What it learns at the place `name` for `size` features."""
        return ()

    def at(self, local: Local, blocks: int) -> Join:
        """How skip and branch are joined at one place of a network in one forward pass."""
        raise NotImplementedError

    def adjust(self, blocks: int, maps: int, index: int) -> Adjust:
        """What is done, in place, to the drawn weight and bias of map `index` (from 0) of the `maps` in a branch."""
        return None

    def shares(self, blocks: int) -> tuple[float, float]:
        """(a, b) where a block starts as a skip + b branch, its maps as they were drawn; NoTheory where it does not."""
        raise NoTheory("this residual connection does not say by how much it scales skip and branch")


def _undecayed(parameter: Any, gradient: Any) -> Any:
    return gradient


@dataclass(frozen=True)
class Regularization(Part, group="regularization"):
    """What keeps weights small, or units from relying on each other; here it changes nothing.

    `drops_states`: `drop_state` does something.
    """

    drops_states = False

    @property
    def behind_gradients(self) -> bool:  # type: ignore[override]  # of those that drop nothing
        drops = ("drop", "drop_sequence", "drop_state")
        return all(getattr(type(self), name) is getattr(Regularization, name) for name in drops)

    def check(self, network: Network) -> None:
        """ValueError where it has no place in such a network."""

    @property
    def decay(self) -> Callable[..., Any]:
        """(parameter, clipped gradient, *decay_coefficients) -> the gradient with those of the penalties added.

        A rule for an entry, as an optimizer's is: it takes tensors, and is compiled for single numbers.
        """
        return _undecayed

    def decay_coefficients(self) -> "tuple[float | Tensor, ...]":
        """What `decay` takes beside parameter and gradient, float64 [member] each."""
        return ()

    def constrain(self, parameters: "Sequence[Tensor]") -> "list[Tensor]":
        """The parameters after an optimizer step, brought back to where they are allowed to be.

        The very tensor that came where nothing was to be done.
        """
        return list(parameters)

    def drop(self, local: Local) -> TensorMap:
        """What is done to activations [member, sample, ...] at one place in one forward pass."""
        return lambda x: x

    def drop_sequence(self, local: Local) -> TensorMap:
        """The same for [member, time, batch, feature]."""
        return lambda x: x

    def drop_state(self, local: Local) -> TensorMap:
        """The same for the hidden state [member, batch, feature] that enters every recurrent step."""
        return lambda x: x

    def dropped(self) -> float:
        """The share of activations set to 0, each by itself. NoTheory where that is not what is done to them."""
        if not self.behind_gradients:
            raise NoTheory("this regularization does not say what it does to activations")
        return 0.0


@dataclass(frozen=True)
class Layers:
    """The parts, beside the family, that a network is made of."""

    activation: Activation
    normalization: Normalization
    residual: Residual
    regularization: Regularization


def network_of(parts: Mapping[str, Any]) -> Network:
    """The network that these parts by group make. ValueError where they do not fit together."""
    layers = Layers(*(parts[group] for group in ("activation", "normalization", "residual", "regularization")))
    network: Network = parts["model"].network(parts["task"].shape, layers)
    return network
