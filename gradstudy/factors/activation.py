"""Activations: what turns a linear map's output into a hidden state, element by element.

Values and slopes are those of torch.nn.functional, with one coefficient per member.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gradstudy.factors.coefficients import Coefficient, per_member
from gradstudy.factors.parameter_shapes import filled
from gradstudy.kernels import rules
from gradstudy.layer_parts import Activation, TensorMap
from gradstudy.network import Local, Parameter
from gradstudy.parts import number

_Rule = tuple[int, Coefficient]


@dataclass(frozen=True)
class Identity(Activation):
    """phi(x) = x: a linear network, whose gradient flow is a product of its matrices."""

    @property
    def rule(self) -> _Rule:
        return rules.IDENTITY, 1.0

    def __call__(self, x: Tensor) -> Tensor:
        return x


@dataclass(frozen=True)
class Sigmoid(Activation):
    """phi(x) = 1 / (1 + exp(-x)), with a slope of at most 1/4 (Rumelhart, Hinton & Williams 1986)."""

    saturates = True

    @property
    def rule(self) -> _Rule:
        return rules.SIGMOID, 1.0

    def __call__(self, x: Tensor) -> Tensor:
        return torch.sigmoid(x)


@dataclass(frozen=True)
class Tanh(Activation):
    """phi(x) = tanh x, with a slope of at most 1 (LeCun, Bottou, Orr & Mueller 1998)."""

    saturates = True

    @property
    def rule(self) -> _Rule:
        return rules.TANH, 1.0

    def __call__(self, x: Tensor) -> Tensor:
        return torch.tanh(x)


@dataclass(frozen=True)
class HardTanh(Activation):
    """phi(x) = x within [-1, 1], and -1 or 1 beyond it, where its slope is 0 (Collobert 2004)."""

    saturates = True

    @property
    def rule(self) -> _Rule:
        return rules.HARDTANH, 1.0

    def __call__(self, x: Tensor) -> Tensor:
        return nn.functional.hardtanh(x)


@dataclass(frozen=True)
class Softsign(Activation):
    """phi(x) = x / (1 + |x|): saturates as tanh does, but its slope falls as 1/x^2 only (Bergstra et al. 2009)."""

    saturates = True

    def __call__(self, x: Tensor) -> Tensor:
        return nn.functional.softsign(x)


@dataclass(frozen=True)
class Relu(Activation):
    """phi(x) = max(0, x) (Nair & Hinton 2010)."""

    @property
    def rule(self) -> _Rule:
        return rules.RELU, 1.0

    def __call__(self, x: Tensor) -> Tensor:
        return torch.relu(x)


@dataclass(frozen=True)
class LeakyRelu(Activation):
    """phi(x) = x above 0 and `negative_slope` x below, so that no unit dies (Maas, Hannun & Ng 2013)."""

    negative_slope: float = number(0.01, at_least=0.0)

    @property
    def rule(self) -> _Rule:
        return rules.LEAKY_RELU, self.negative_slope

    def __call__(self, x: Tensor) -> Tensor:
        return _times_below_zero(x, self.negative_slope)


@dataclass(frozen=True)
class Prelu(Activation):
    """phi(x) = x above 0 and s x below, with a slope s per layer that learns from `start` on (He et al. 2015)."""

    start: float = 0.25

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        return (filled(f"{name}.slope", 1, self.start),)

    def at(self, local: Local) -> TensorMap:
        slope = local["slope"].flatten()
        # torch's second axis is the one with a slope each: here it is the member's
        return lambda x: nn.functional.prelu(x.unsqueeze(0), slope).squeeze(0)


@dataclass(frozen=True)
class Elu(Activation):
    """phi(x) = x above 0 and `alpha` (exp x - 1) below (Clevert, Unterthiner & Hochreiter 2016)."""

    alpha: float = number(1.0, at_least=0.0)

    def __call__(self, x: Tensor) -> Tensor:
        return _times_below_zero(nn.functional.elu(x), self.alpha)


@dataclass(frozen=True)
class Selu(Activation):
    """phi(x) = 1.0507 ELU(x) with alpha = 1.6733 (Klambauer, Unterthiner, Mayr & Hochreiter 2017).

    Mean 0 and variance 1 are an attracting fixed point of layers with Var W = 1/fan_in.
    """

    def __call__(self, x: Tensor) -> Tensor:
        return nn.functional.selu(x)


@dataclass(frozen=True)
class Gelu(Activation):
    """phi(x) = x P(N(0, 1) <= x), by the error function or by its tanh approximation (Hendrycks & Gimpel 2016)."""

    approximate: bool = False

    def __call__(self, x: Tensor) -> Tensor:
        return nn.functional.gelu(x, approximate="tanh" if self.approximate else "none")


@dataclass(frozen=True)
class Silu(Activation):
    """phi(x) = x sigmoid(x) (Elfwing, Uchibe & Doya 2018; the Swish of Ramachandran, Zoph & Le 2017)."""

    def __call__(self, x: Tensor) -> Tensor:
        return nn.functional.silu(x)


@dataclass(frozen=True)
class Softplus(Activation):
    """phi(x) = log(1 + exp(beta x)) / beta, a smooth ReLU (Dugas et al. 2001); x itself where beta x > 20, as torch."""

    beta: float = number(1.0, above=0.0)

    def __call__(self, x: Tensor) -> Tensor:
        beta = per_member(self.beta, x)
        return nn.functional.softplus(beta * x) / beta


def _times_below_zero(x: Tensor, coefficient: Coefficient) -> Tensor:
    """x above 0, and the member's coefficient times x elsewhere.

    The factor is made of sign, clamp, + and *: torch.where costs ten times as much on a CPU at 64 x 32 x 32.
    """
    positive = x.detach().sign().clamp_(min=0)
    return x * (positive + (1 - positive) * per_member(coefficient, x))
