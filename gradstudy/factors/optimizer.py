"""Optimizers with one coefficient per member, equal to torch.optim's.

torch.optim refuses a learning rate per slice, so these are our own. An optimizer is a `rule`: what becomes of one entry
of a parameter, given its gradient, its moments (one number or two that it keeps between steps) and coefficients. It is
written once and read twice: as it stands it takes whole tensors, the coefficients [member, 1]; compiled, it takes
single numbers in a loop over the entries of a member (kernels/rows.py), with sqrt and sign of NumPy's. So a rule is
made of + - * / sqrt and sign alone and holds no number of its own. Coefficients are combined in float64 and cast once.
Fused operations (addcmul, lerp) round differently in the last few elements of a tensor, and a member's result must not
depend on its place in the stack.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, sign, sqrt

from gradstudy.factors.coefficients import Coefficient, per_member, powers, stacked
from gradstudy.parts import Part, number

EntryRule = Callable[..., tuple[Any, ...]]
"""(parameter, gradient, *moments, *coefficients) -> (parameter, *moments) after the step."""
Stacked = Sequence[Tensor]
"""[member, ...] of each parameter."""
Again = Callable[[Stacked], tuple[Tensor, list[Tensor]]]
"""Other parameters -> their loss [member] and clipped, decayed gradients on this step's batch."""


@dataclass(frozen=True)
class Optimizer(Part, group="optimizer"):
    """A rule that moves parameters, and how many `moments` it keeps of each entry, which start at 0.

    `by_entry`: that is all it is; one that looks at losses by itself fills in `search` instead. `has_eps`: an eps keeps
    its steps small where gradients are tiny. `largest_curvature`: the product of rate and curvature beyond which each
    step overshoots by more than the one before; None where steps do not scale with the gradient.
    """

    moments: ClassVar[int] = 1
    by_entry: ClassVar[bool] = True
    has_eps = False
    largest_curvature: ClassVar[float | None] = None

    @property
    def behind_gradients(self) -> bool:  # type: ignore[override]  # of most
        return self.by_entry

    @property
    def rule(self) -> EntryRule:
        """What a step does to an entry."""
        raise NotImplementedError

    def coefficients(self, lr: Tensor, count: Tensor) -> Sequence[Coefficient]:
        """What the rule takes, in its order: float64 [step, member] or [member], for rates `lr` [step, member].

        `count` [step] numbers the steps from 1.
        """
        return (lr,)

    def search(self, parameters: Stacked, state: list[Any], rate: Tensor, again: Again) -> list[Tensor]:
        """The parameters [member, ...] after a step at this rate [member]; `state` is its own, and empty at first."""
        raise NotImplementedError

    def start(self, parameters: Tensor) -> list[Tensor]:
        """The moments of all parameters [member, entry] before the first step, each of their shape."""
        return [torch.zeros_like(parameters) for _ in range(self.moments)]

    def below_eps(self, moments: Stacked, coefficients: Stacked) -> Tensor | None:
        """Where eps rules after a step, bools shaped as the moments; None without an eps.

        There a step no longer has the size of the learning rate: it shrinks with the gradient. `coefficients` are those
        of the step, [member, 1] each.
        """
        return None


def _descend(parameter: Any, gradient: Any, momentum: Any, share: Any, rate: Any) -> tuple[Any, Any]:
    momentum = share * momentum + gradient
    return parameter - rate * momentum, momentum


def _descend_ahead(parameter: Any, gradient: Any, momentum: Any, share: Any, rate: Any) -> tuple[Any, Any]:
    momentum = share * momentum + gradient
    return parameter - rate * (gradient + share * momentum), momentum


@dataclass(frozen=True)
class Sgd(Optimizer):
    """Stochastic gradient descent with heavy-ball or Nesterov momentum (Sutskever et al. 2013; torch.optim.SGD)."""

    momentum: float = number(0.0, at_least=0.0, below=1.0)
    nesterov: bool = False

    @property
    def largest_curvature(self) -> float:  # type: ignore[override]  # of this momentum
        """2 (1 + m), over 1 + 2 m for Nesterov's: where a quadratic loss is no longer descended (Cohen et al. 2021)."""
        return 2 * (1 + self.momentum) / (1 + 2 * self.momentum * self.nesterov)

    @property
    def rule(self) -> EntryRule:
        return _descend_ahead if self.nesterov else _descend

    def coefficients(self, lr: Tensor, count: Tensor) -> Sequence[Coefficient]:
        return self.momentum, lr


def _adam(
    parameter: Any, gradient: Any, first: Any, second: Any,
    beta1: Any, rest1: Any, beta2: Any, rest2: Any, rate: Any, scale: Any, eps: Any,
) -> tuple[Any, Any, Any]:  # fmt: skip
    first = beta1 * first + rest1 * gradient
    second = beta2 * second + rest2 * gradient * gradient
    return parameter - rate * (first / (scale * sqrt(second) + eps)), first, second


@dataclass(frozen=True)
class Adam(Optimizer):
    """Steps scaled by running moments of the gradient (Kingma & Ba 2015; torch.optim.Adam)."""

    moments = 2
    has_eps = True

    eps: float = number(1e-8, at_least=0.0)
    beta1: float = number(0.9, at_least=0.0, below=1.0)
    beta2: float = number(0.999, at_least=0.0, below=1.0)

    @property
    def rule(self) -> EntryRule:
        return _adam

    def coefficients(self, lr: Tensor, count: Tensor) -> Sequence[Coefficient]:
        """With the rate and the second moment's root corrected for moments that started at 0."""
        beta1, beta2 = stacked(self.beta1), stacked(self.beta2)
        first, second = (1 - powers(beta, count) for beta in (beta1, beta2))
        return beta1, 1 - beta1, beta2, 1 - beta2, lr / first, 1 / second.sqrt(), self.eps

    def below_eps(self, moments: Stacked, coefficients: Stacked) -> Tensor:
        scale, eps = coefficients[5:7]
        return scale * moments[1].sqrt() < eps


def _adam_with_decay(
    parameter: Any, gradient: Any, first: Any, second: Any,
    beta1: Any, rest1: Any, beta2: Any, rest2: Any, rate: Any, scale: Any, eps: Any, kept: Any,
) -> tuple[Any, Any, Any]:  # fmt: skip
    first = beta1 * first + rest1 * gradient
    second = beta2 * second + rest2 * gradient * gradient
    return parameter * kept - rate * (first / (scale * sqrt(second) + eps)), first, second


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decay applied to the weights and not to the gradient (Loshchilov & Hutter 2019; torch.optim.AdamW)."""

    weight_decay: float = number(0.01, at_least=0.0)

    @property
    def rule(self) -> EntryRule:
        return _adam_with_decay

    def coefficients(self, lr: Tensor, count: Tensor) -> Sequence[Coefficient]:
        return *super().coefficients(lr, count), 1 - lr * self.weight_decay


def _rms_prop(
    parameter: Any, gradient: Any, square: Any, alpha: Any, rest: Any, rate: Any, eps: Any
) -> tuple[Any, Any]:
    square = alpha * square + rest * (gradient * gradient)
    return parameter - rate * (gradient / (sqrt(square) + eps)), square


@dataclass(frozen=True)
class RmsProp(Optimizer):
    """Steps scaled by a running mean of squared gradients (Tieleman & Hinton 2012; torch.optim.RMSprop)."""

    has_eps = True

    eps: float = number(1e-8, at_least=0.0)
    alpha: float = number(0.99, at_least=0.0, below=1.0)

    @property
    def rule(self) -> EntryRule:
        return _rms_prop

    def coefficients(self, lr: Tensor, count: Tensor) -> Sequence[Coefficient]:
        return self.alpha, 1 - stacked(self.alpha), lr, self.eps

    def below_eps(self, moments: Stacked, coefficients: Stacked) -> Tensor:
        return moments[0].sqrt() < coefficients[3]


def _adagrad(parameter: Any, gradient: Any, square: Any, rate: Any, eps: Any) -> tuple[Any, Any]:
    square = square + gradient * gradient
    return parameter - rate * (gradient / (sqrt(square) + eps)), square


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Steps scaled by the root of the sum of all squared gradients so far (Duchi et al. 2011; torch.optim.Adagrad)."""

    has_eps = True

    eps: float = number(1e-10, at_least=0.0)
    initial_accumulator: float = number(0.0, at_least=0.0)

    @property
    def rule(self) -> EntryRule:
        return _adagrad

    def coefficients(self, lr: Tensor, count: Tensor) -> Sequence[Coefficient]:
        return lr, self.eps

    def start(self, parameters: Tensor) -> list[Tensor]:
        return [torch.zeros_like(parameters) + per_member(self.initial_accumulator, parameters)]

    def below_eps(self, moments: Stacked, coefficients: Stacked) -> Tensor:
        return moments[0].sqrt() < coefficients[1]


def _lion(
    parameter: Any, gradient: Any, momentum: Any,
    beta1: Any, rest1: Any, beta2: Any, rest2: Any, rate: Any, kept: Any,
) -> tuple[Any, Any]:  # fmt: skip
    mixed = beta1 * momentum + rest1 * gradient
    return parameter * kept - rate * sign(mixed), beta2 * momentum + rest2 * gradient


@dataclass(frozen=True)
class Lion(Optimizer):
    """Steps of one size in every entry, by the sign of an interpolated momentum (Chen et al. 2023, algorithm 2).

    w <- w - lr * (sign(beta1 m + (1 - beta1) g) + weight_decay * w), then m <- beta2 m + (1 - beta2) g. However small
    a gradient is, as long as it is not 0, it moves its weight by the full rate.
    """

    beta1: float = number(0.9, at_least=0.0, below=1.0)
    beta2: float = number(0.99, at_least=0.0, below=1.0)
    weight_decay: float = number(0.0, at_least=0.0)

    @property
    def rule(self) -> EntryRule:
        return _lion

    def coefficients(self, lr: Tensor, count: Tensor) -> Sequence[Coefficient]:
        beta1, beta2 = stacked(self.beta1), stacked(self.beta2)
        return beta1, 1 - beta1, beta2, 1 - beta2, lr, 1 - lr * self.weight_decay
