"""Optimizers with one coefficient per member, equal to torch.optim's.

torch.optim refuses a learning rate per slice, so these are our own. `start` makes the state, `rates` what all
parameters share in a step, and `step` the new value of one parameter; `update` takes all parameters together, for those
that need more than one gradient. Coefficients [member] are combined in float64 and cast once. Only plain operations
(`+ - * / sqrt`): fused ones (addcmul, lerp) round differently in the last few elements of a tensor, and a member's
result must not depend on its place in the stack.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from gradstudy.factors.coefficients import elementwise, per_member
from gradstudy.parts import Part, number

Tensors = list[Tensor]
Stacked = Sequence[Tensor]
"""[member, ...] of each parameter."""
Rates = Sequence[Tensor]
State = list[Any]
"""What an optimizer keeps between steps, changed in place; for all but one a list of tensors per parameter."""
Again = Callable[[Stacked], tuple[Tensor, Tensors]]
"""Other parameters -> their loss [member] and clipped, decayed gradients on this step's batch."""


@dataclass(frozen=True)
class Optimizer(Part, group="optimizer"):
    """A rule that moves parameters. `has_eps`: an eps keeps its steps small where gradients are tiny.

    `largest_curvature`: the product of rate and curvature beyond which each step overshoots by more than the one
    before; None where steps do not scale with the gradient.
    """

    has_eps = False
    largest_curvature: ClassVar[float | None] = None

    def start(self, parameters: Stacked) -> State:
        """The state of each parameter before the first step."""
        return [[torch.zeros_like(p)] for p in parameters]

    def update(
        self, parameters: Stacked, gradients: Stacked, state: State, *, lr: Tensor, count: int, again: Again
    ) -> Tensors:
        """The parameters after step `count` (from 1) at rates `lr` [member]; changes `state` in place."""
        rates = self.rates(lr, count)
        return [self.step(*each, rates) for each in zip(parameters, gradients, state, strict=True)]

    def rates(self, lr: Tensor, count: int) -> Rates:
        """Coefficients [member] that all parameters share in a step: the learning rate, and what follows from it."""
        return (lr,)

    def step(self, parameter: Tensor, gradient: Tensor, state: Tensors, rates: Rates) -> Tensor:
        """The new value of one parameter."""
        raise NotImplementedError

    def below_eps(self, state: State, *, lr: Tensor, count: int) -> Tensors:
        """Where eps rules after step `count`, parameter by parameter, bools [member, ...]; none without an eps.

        There a step no longer has the size of the learning rate: it shrinks with the gradient.
        """
        return []


@dataclass(frozen=True)
class AdaptiveOptimizer(Optimizer):
    """An optimizer that divides each entry's step by the root of its mean squared gradient, plus `eps`."""

    has_eps = True

    eps: float = number(1e-8, at_least=0.0)

    def below_eps(self, state: State, *, lr: Tensor, count: int) -> Tensors:
        rates = self.rates(lr, count)
        return [self.root(own, rates) < per_member(self.eps, own[0]) for own in state]

    def scaled(self, direction: Tensor, state: Tensors, rates: Rates) -> Tensor:
        """The direction over the root and eps."""
        return direction / (self.root(state, rates) + per_member(self.eps, direction))

    def root(self, state: Tensors, rates: Rates) -> Tensor:
        """The root of a parameter's mean squared gradient, to which eps is added."""
        return state[0].sqrt()


@dataclass(frozen=True)
class Sgd(Optimizer):
    """Stochastic gradient descent with heavy-ball or Nesterov momentum (Sutskever et al. 2013; torch.optim.SGD)."""

    momentum: float = number(0.0, at_least=0.0, below=1.0)
    nesterov: bool = False

    @property
    def largest_curvature(self) -> float:  # type: ignore[override]  # of this momentum
        """2 (1 + m), over 1 + 2 m for Nesterov's: where a quadratic loss is no longer descended (Cohen et al. 2021)."""
        return 2 * (1 + self.momentum) / (1 + 2 * self.momentum * self.nesterov)

    def step(self, parameter: Tensor, gradient: Tensor, state: Tensors, rates: Rates) -> Tensor:
        momentum = per_member(self.momentum, parameter)
        state[0] = momentum * state[0] + gradient
        direction = gradient + momentum * state[0] if self.nesterov else state[0]
        return parameter - per_member(rates[0], parameter) * direction


@dataclass(frozen=True)
class Adam(AdaptiveOptimizer):
    """Steps scaled by running moments of the gradient (Kingma & Ba 2015; torch.optim.Adam)."""

    beta1: float = number(0.9, at_least=0.0, below=1.0)
    beta2: float = number(0.999, at_least=0.0, below=1.0)

    def start(self, parameters: Stacked) -> State:
        return [[torch.zeros_like(p), torch.zeros_like(p)] for p in parameters]

    def rates(self, lr: Tensor, count: int) -> Rates:
        """The rate and the root of the second moment's share, both corrected for moments that started at 0."""
        first, second = (1 - elementwise(lambda beta: beta**count, beta) for beta in (self.beta1, self.beta2))
        return lr / first, second.sqrt()

    def step(self, parameter: Tensor, gradient: Tensor, state: Tensors, rates: Rates) -> Tensor:
        beta1, beta2 = self.beta1, self.beta2
        state[0] = per_member(beta1, gradient) * state[0] + per_member(1 - beta1, gradient) * gradient
        state[1] = per_member(beta2, gradient) * state[1] + per_member(1 - beta2, gradient) * gradient * gradient
        return parameter - per_member(rates[0], parameter) * self.scaled(state[0], state, rates)

    def root(self, state: Tensors, rates: Rates) -> Tensor:
        return state[1].sqrt() / per_member(rates[1], state[1])


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decay applied to the weights and not to the gradient (Loshchilov & Hutter 2019; torch.optim.AdamW)."""

    weight_decay: float = number(0.01, at_least=0.0)

    def rates(self, lr: Tensor, count: int) -> Rates:
        return *super().rates(lr, count), 1 - lr * self.weight_decay

    def step(self, parameter: Tensor, gradient: Tensor, state: Tensors, rates: Rates) -> Tensor:
        *adam, kept = rates
        return super().step(parameter * per_member(kept, parameter), gradient, state, adam)


@dataclass(frozen=True)
class RmsProp(AdaptiveOptimizer):
    """Steps scaled by a running mean of squared gradients (Tieleman & Hinton 2012; torch.optim.RMSprop)."""

    alpha: float = number(0.99, at_least=0.0, below=1.0)

    def step(self, parameter: Tensor, gradient: Tensor, state: Tensors, rates: Rates) -> Tensor:
        state[0] = per_member(self.alpha, gradient) * state[0] + per_member(1 - self.alpha, gradient) * gradient**2
        return parameter - per_member(rates[0], parameter) * self.scaled(gradient, state, rates)


@dataclass(frozen=True)
class Adagrad(AdaptiveOptimizer):
    """Steps scaled by the root of the sum of all squared gradients so far (Duchi et al. 2011; torch.optim.Adagrad)."""

    eps: float = number(1e-10, at_least=0.0)
    initial_accumulator: float = number(0.0, at_least=0.0)

    def start(self, parameters: Stacked) -> State:
        return [[torch.zeros_like(p) + per_member(self.initial_accumulator, p)] for p in parameters]

    def step(self, parameter: Tensor, gradient: Tensor, state: Tensors, rates: Rates) -> Tensor:
        state[0] = state[0] + gradient * gradient
        return parameter - per_member(rates[0], parameter) * self.scaled(gradient, state, rates)


@dataclass(frozen=True)
class Lion(Optimizer):
    """Steps of one size in every entry, by the sign of an interpolated momentum (Chen et al. 2023, algorithm 2).

    w <- w - lr * (sign(beta1 m + (1 - beta1) g) + weight_decay * w), then m <- beta2 m + (1 - beta2) g. However small
    a gradient is, as long as it is not 0, it moves its weight by the full rate.
    """

    beta1: float = number(0.9, at_least=0.0, below=1.0)
    beta2: float = number(0.99, at_least=0.0, below=1.0)
    weight_decay: float = number(0.0, at_least=0.0)

    def rates(self, lr: Tensor, count: int) -> Rates:
        return lr, 1 - lr * self.weight_decay

    def step(self, parameter: Tensor, gradient: Tensor, state: Tensors, rates: Rates) -> Tensor:
        lr, kept = rates
        beta1, beta2 = self.beta1, self.beta2
        mixed = per_member(beta1, gradient) * state[0] + per_member(1 - beta1, gradient) * gradient
        state[0] = per_member(beta2, gradient) * state[0] + per_member(1 - beta2, gradient) * gradient
        return parameter * per_member(kept, parameter) - per_member(lr, parameter) * mixed.sign()
