"""What a network at initialisation is to mean-field theory: plain numbers and functions of arrays, no tensors."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np


class NoTheory(ValueError):
    """Mean-field theory says nothing about such a network; the message says why, in words."""


Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class ActivationCurve:
    """An activation: phi and its slope, each element by element over an array of any shape."""

    value: Function
    slope: Function


@dataclass(frozen=True)
class PixelWindow:
    """The pixels that a convolution looks at: a square of `kernel` x `kernel`, `padding` "zeros" or "circular"."""

    kernel: int
    padding: str


@dataclass(frozen=True)
class RandomMap:
    """A random linear map with independent entries of mean 0.

    `forward` is fan_in * Var W, `backward` fan_out * Var W (fans of a convolution count its whole window), `bias` is
    E[b^2]. With a `window` it convolves images; without one it mixes features only. `fans` are (fan_in, fan_out) of a
    finite network, which say whether theory of an infinite one may speak of it.
    """

    forward: float
    backward: float
    bias: float = 0.0
    window: PixelWindow | None = None
    fans: tuple[float, float] = (math.inf, math.inf)


BranchStep = RandomMap | Literal["norm", "activation"]
Norm = Literal["none", "layer", "batch"]
"""Of features: all those of a sample divided by their standard deviation, or each by its own over samples."""


@dataclass(frozen=True)
class RandomStage:
    """What stands between two neighbouring flow points: z -> skip * z + scale * branch(z).

    Without a residual connection `skip` is 0 and `scale` 1.
    """

    branch: tuple[BranchStep, ...]
    skip: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class RandomFeedforward:
    """Inputs -> `first` -> z_1 -> stage -> z_2 -> ... -> z_L: the flow points are z_1 to z_L.

    With a `stem` the first of them is not looked at: what `first` makes only enters the first stage. `last` is what
    stands between z_L and the linear read-out, which sends back noise that is independent over samples and units.
    `norm` is what "norm" stands for in a branch, and `eps` what it adds to a variance before it divides by its root;
    `dropout` is the share of units dropped behind every activation. `batch` counts samples that a batch norm sees
    together. `side`: height and width of images. Of the inputs: `power`, the mean of x^2, one number or that of typical
    samples or tokens [sample], with a `side` also of every pixel [sample, height, width] (with a batch norm one
    number); and `variance`, that of a feature over samples, averaged over features.
    """

    first: RandomMap
    stages: tuple[RandomStage, ...]
    curve: ActivationCurve
    norm: Norm = "none"
    eps: float = 0.0
    dropout: float = 0.0
    batch: int = 1
    power: float | np.ndarray = 1.0
    variance: float = 1.0
    side: tuple[int, int] | None = None
    stem: bool = False
    last: tuple[BranchStep, ...] = ("norm", "activation")


@dataclass(frozen=True)
class RandomRecurrent:
    """h_t = phi(entering x_t + recurrent h_{t-1}), h_0 = 0: the flow points are h_1 to h_T.

    All biases count as `entering`'s. `power` is the mean of x_t^2 over features and samples, [time].
    """

    entering: RandomMap
    recurrent: RandomMap
    curve: ActivationCurve
    power: np.ndarray


RandomNetwork = RandomFeedforward | RandomRecurrent


class Law(Protocol):
    """What an initialisation says of the weights and biases that it draws; NoTheory where it can say nothing.

    `centred`: of a convolution's kernel only the centre is drawn, the other taps are 0.
    """

    centred: bool

    def variance(self, shape: tuple[int, ...], bound: float) -> float:
        """Var W of an entry of a weight of this ordinary shape."""

    def bias_power(self, bound: float) -> float:
        """E[b^2] of biases with mean 0."""


@dataclass(frozen=True)
class Inputs:
    """What a task feeds into a network.

    Over samples, [*shape of a sample]: `power`, the mean of x^2, and `variance`. `typical` [sample, *shape]: x^2 of a
    few samples that stand for as many others each, from the smallest to the largest. `batch`: how many samples are seen
    together. `evenness`: from 1, where those of a batch point away from their mean in all directions alike, to 0.
    """

    power: np.ndarray
    typical: np.ndarray
    variance: np.ndarray
    batch: int
    evenness: float


@dataclass(frozen=True)
class Facts:
    """What a network does not know of its own wiring: the law of its weights, phi, and what is fed into it."""

    law: Law
    curve: ActivationCurve
    inputs: Inputs
