"""Regularisation: what keeps weights small, or units from relying on each other."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, sign

from gradstudy.factors.coefficients import Coefficient, per_member
from gradstudy.layer_parts import Regularization, TensorMap
from gradstudy.network import Local, Network, spread_over
from gradstudy.parts import number
from gradstudy.random_network import NoTheory


def _with_penalty(parameter: Any, gradient: Any, weight_decay: Any) -> Any:
    return gradient + weight_decay * parameter


@dataclass(frozen=True)
class Penalty(Regularization):
    """Adds `weight_decay` * w, the gradient of weight_decay / 2 * ||w||^2, to the clipped gradient of every parameter.

    As torch.optim's SGD and Adam do (Krogh & Hertz 1992). With `none` it is 0: both train in one cohort.
    """

    weight_decay: float = number(0.0, at_least=0.0)

    @property
    def decay(self) -> Callable[..., Any]:
        return _with_penalty

    def decay_coefficients(self) -> tuple[Coefficient, ...]:
        return (self.weight_decay,)


def _with_penalties(parameter: Any, gradient: Any, weight_decay: Any, l1: Any) -> Any:
    return gradient + weight_decay * parameter + l1 * sign(parameter)


@dataclass(frozen=True)
class Lasso(Penalty):
    """Adds `l1` * sign(w) as well, the subgradient of l1 * ||w||_1 that is 0 at 0 (Tibshirani 1996)."""

    l1: float = number(0.0, at_least=0.0)

    @property
    def decay(self) -> Callable[..., Any]:
        return _with_penalties

    def decay_coefficients(self) -> tuple[Coefficient, ...]:
        return self.weight_decay, self.l1


@dataclass(frozen=True)
class MaxNorm(Penalty):
    """After every step, scales the incoming weights of a unit back to a length of at most `max_norm`.

    A unit is an index of a weight's first ordinary axis; biases and other vectors are left alone (Srebro & Shraibman
    2005; Hinton et al. 2012).
    """

    max_norm: float = number(math.inf, above=0.0)

    def constrain(self, parameters: Sequence[Tensor]) -> list[Tensor]:
        return [self._projected(parameter) if parameter.dim() > 2 else parameter for parameter in parameters]

    def _projected(self, weight: Tensor) -> Tensor:
        norm = torch.linalg.vector_norm(weight.flatten(2), dim=2, dtype=torch.float64)
        limit = per_member(self.max_norm, norm)
        factor = spread_over((limit / norm).to(weight.dtype), weight)
        return torch.where(spread_over(norm > limit, weight), weight * factor, weight)


@dataclass(frozen=True)
class Dropout(Penalty):
    """Sets an activation to 0 with probability `dropout` = p, and multiplies the others by 1 / (1 - p), in training.

    Hidden activations are dropped, and what a recurrent layer hands on, each time step by a mask of its own
    (Srivastava et al. 2014; Zaremba, Sutskever & Vinyals 2014). `variational`: one mask for all time steps, and
    another one for the hidden state that enters them (Gal & Ghahramani 2016). Inputs, embeddings and attention weights
    are not dropped.
    """

    dropout: float = number(0.1, at_least=0.0, below=1.0)
    variational: bool = False

    @property
    def drops_states(self) -> bool:  # type: ignore[override]
        return self.variational

    def check(self, network: Network) -> None:
        if self.variational and all(parameter.role != "recurrent" for parameter in network.parameters):
            raise ValueError(
                "variational dropout shares a mask between time steps, and this model has no recurrence: use "
                "regularization=dropout, or model=rnn, lstm or gru"
            )

    def drop(self, local: Local) -> TensorMap:
        return self._map(local.at("dropout"), lambda x: x.shape)

    def drop_sequence(self, local: Local) -> TensorMap:
        return self._map(local.at("dropout"), _one_time_step if self.variational else lambda x: x.shape)

    def drop_state(self, local: Local) -> TensorMap:
        if not self.variational or not _drops(local):
            return lambda x: x
        masks: list[Tensor] = []  # drawn when the first state enters, and kept for the others of this pass

        def drop(state: Tensor) -> Tensor:
            if not masks:
                masks.append(local.at("state_dropout").uniform(state.shape))
            return self._dropped(state, masks[0])

        return drop

    def dropped(self) -> float:
        if self.variational and self.dropout:
            raise NoTheory("variational dropout drops the same units at every time step")
        return self.dropout

    def _map(self, local: Local, shape: Callable[[Tensor], Sequence[int]]) -> TensorMap:
        if not _drops(local):
            return lambda x: x
        return lambda x: self._dropped(x, local.uniform(shape(x)))

    def _dropped(self, x: Tensor, uniform: Tensor) -> Tensor:
        # where, never a product with the mask: inf * 0 is nan
        scale = per_member(1 / (1 - self.dropout), x)
        return torch.where(uniform >= per_member(self.dropout, uniform), x * scale, 0.0)


def _drops(local: Local) -> bool:
    return local.training and local.run.uniform is not None


def _one_time_step(x: Tensor) -> Sequence[int]:
    return x.shape[0], 1, *x.shape[2:]
