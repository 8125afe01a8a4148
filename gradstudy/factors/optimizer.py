"""Optimizers with one coefficient per member, equal to torch.optim's.

torch.optim refuses a learning rate per slice, so these are our own. `start` makes the state and `step` the new value
of one parameter; `update` takes all parameters together, for those that need more than one gradient. Coefficients
[member] are combined in float64 and cast once. Only plain operations (`+ - * / sqrt`): fused ones (addcmul, lerp) round
differently in the last few elements of a tensor, and a member's result must not depend on its place in the stack.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gradstudy.factors.per_member import per_member
from gradstudy.parts import Part, number

Tensors = list[Tensor]
Again = Callable[[Sequence[Tensor]], tuple[Tensor, Tensors]]
"""Other parameters -> their loss [member] and clipped, decayed gradients on this step's batch."""


@dataclass(frozen=True)
class Optimizer(Part):
    """What every optimizer can say."""

    def start(self, parameters: Sequence[Tensor]) -> list[Tensors]:
        """The state of each parameter before the first step."""
        return [[torch.zeros_like(p)] for p in parameters]

    def update(
        self,
        parameters: Sequence[Tensor],
        gradients: Sequence[Tensor],
        state: list,
        *,
        lr: Tensor,
        count: int,
        again: Again,
    ) -> Tensors:
        """The parameters after step `count` (from 1) at rates `lr` [member]; changes `state` in place."""
        return [self.step(*each, lr, count) for each in zip(parameters, gradients, state, strict=True)]

    def step(self, parameter: Tensor, gradient: Tensor, state: Tensors, lr: Tensor, count: int) -> Tensor:
        """The new value of one parameter."""
        raise NotImplementedError


@dataclass(frozen=True)
class Sgd(Optimizer):
    """Stochastic gradient descent with heavy-ball or Nesterov momentum (Sutskever et al. 2013; torch.optim.SGD)."""

    momentum: float = number(0.0, at_least=0.0, below=1.0)
    nesterov: bool = False

    def step(self, parameter: Tensor, gradient: Tensor, state: Tensors, lr: Tensor, count: int) -> Tensor:
        momentum = per_member(self.momentum, parameter)
        state[0] = momentum * state[0] + gradient
        direction = gradient + momentum * state[0] if self.nesterov else state[0]
        return parameter - per_member(lr, parameter) * direction


@dataclass(frozen=True)
class Adam(Optimizer):
    """Steps scaled by running moments of the gradient (Kingma & Ba 2015; torch.optim.Adam)."""

    betas: tuple[float, float] = number((0.9, 0.999), at_least=0.0, below=1.0)
    eps: float = number(1e-8, at_least=0.0)

    def start(self, parameters: Sequence[Tensor]) -> list[Tensors]:
        return [[torch.zeros_like(p), torch.zeros_like(p)] for p in parameters]

    def step(self, parameter: Tensor, gradient: Tensor, state: Tensors, lr: Tensor, count: int) -> Tensor:
        beta1, beta2 = self.betas
        state[0] = per_member(beta1, gradient) * state[0] + per_member(1 - beta1, gradient) * gradient
        state[1] = per_member(beta2, gradient) * state[1] + per_member(1 - beta2, gradient) * gradient * gradient
        size = lr / (1 - beta1**count)
        correction = (1 - beta2**count).sqrt()
        scale = state[1].sqrt() / per_member(correction, gradient) + per_member(self.eps, gradient)
        return parameter - per_member(size, parameter) * (state[0] / scale)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decay applied to the weights and not to the gradient (Loshchilov & Hutter 2019; torch.optim.AdamW)."""

    weight_decay: float = number(0.01, at_least=0.0)

    def step(self, parameter: Tensor, gradient: Tensor, state: Tensors, lr: Tensor, count: int) -> Tensor:
        kept = parameter * per_member(1 - lr * self.weight_decay, parameter)
        return super().step(kept, gradient, state, lr, count)


@dataclass(frozen=True)
class RmsProp(Optimizer):
    """Steps scaled by a running mean of squared gradients (Tieleman & Hinton 2012; torch.optim.RMSprop)."""

    alpha: float = number(0.99, at_least=0.0, below=1.0)
    eps: float = number(1e-8, at_least=0.0)

    def step(self, parameter: Tensor, gradient: Tensor, state: Tensors, lr: Tensor, count: int) -> Tensor:
        state[0] = per_member(self.alpha, gradient) * state[0] + per_member(1 - self.alpha, gradient) * gradient**2
        scale = state[0].sqrt() + per_member(self.eps, gradient)
        return parameter - per_member(lr, parameter) * (gradient / scale)
