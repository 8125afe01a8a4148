"""Gradient clipping: what is done to a member's gradients between backward and the optimizer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from gradstudy.factors.coefficients import Coefficient, per_member
from gradstudy.network import spread_over
from gradstudy.parts import Part, number

EPSILON = 1e-6
"""What torch.nn.utils.clip_grad_norm_ adds to the norm: a norm of exactly max_norm comes out a millionth smaller."""


@dataclass(frozen=True)
class Clipping(Part, group="clipping"):
    """What multiplies all gradients of a member, and what limits each of their entries.

    `by_entry`: that is all it does, so that gradients may as well lie in one row. One that looks at whole units fills
    in `clip` instead.
    """

    behind_gradients = True
    by_entry: ClassVar[bool] = True

    def factor(self, norm: Tensor) -> Tensor:
        """What multiplies every gradient, [member], given the global norm [member]; both in float64."""
        return torch.ones_like(norm)

    def limit(self) -> Coefficient:
        """The largest size of an entry, [member]; infinity limits nothing."""
        return math.inf

    def clip(
        self, gradients: Sequence[Tensor], parameters: Sequence[Tensor], norm: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        """The clipped gradients [member, ...], and the factor [member] that was put on all of them.

        The factor is applied in float64: in float32 a factor below 1e-38 would read 0 and turn an explosion into a
        vanished gradient.
        """
        factor = self.factor(norm)
        return [self._clip_one(gradient, factor) for gradient in gradients], factor

    def _clip_one(self, gradient: Tensor, factor: Tensor) -> Tensor:
        wide = gradient.double()
        scaled = (wide * per_member(factor, wide)).to(gradient.dtype)
        limit = per_member(self.limit(), gradient)
        return torch.clamp(scaled, -limit, limit)


@dataclass(frozen=True)
class Threshold(Clipping):
    """Clips a member's global norm at `max_norm`, or each entry at `max_value`; infinity clips nothing.

    One class serves none, norm and value, so that members that differ only in clipping train in one cohort.
    Pascanu, Mikolov & Bengio 2013 (norm), Mikolov 2012 (value).
    """

    max_norm: float = number(math.inf, above=0.0)
    max_value: float = number(math.inf, above=0.0)

    def factor(self, norm: Tensor) -> Tensor:
        return (self.max_norm / (norm + EPSILON)).clamp(max=1.0)

    def limit(self) -> Coefficient:
        return self.max_value


@dataclass(frozen=True)
class Adaptive(Clipping):
    """Clips the gradient of a unit where it is longer than `clipping` times the unit's weights.

    g_i <- g_i * min(1, clipping * max(||w_i||, eps) / ||g_i||) (Brock et al. 2021). A unit is an index of a weight's
    first ordinary axis; a vector is clipped as a whole. The paper leaves the last layer out; here every parameter is
    clipped.
    """

    by_entry = False

    clipping: float = number(0.01, above=0.0)
    eps: float = number(1e-3, above=0.0)

    def clip(
        self, gradients: Sequence[Tensor], parameters: Sequence[Tensor], norm: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        """The clipped gradients, and ones [member]: no single factor was put on all of them."""
        clipped = [self._clip_unit(*each) for each in zip(gradients, parameters, strict=True)]
        return clipped, self.factor(norm)

    def _clip_unit(self, gradient: Tensor, parameter: Tensor) -> Tensor:
        size, length = _unit_norms(parameter), _unit_norms(gradient)
        limit = per_member(self.clipping, size) * torch.maximum(size, per_member(self.eps, size))
        factor = (limit / length).clamp(max=1.0)
        wide = gradient.double()
        return (wide * spread_over(factor, wide)).to(gradient.dtype)


def _unit_norms(tensor: Tensor) -> Tensor:
    """The norm of every unit, [member, unit], or of a whole vector or number, [member], in float64."""
    axes = tuple(range(2 if tensor.dim() > 2 else 1, tensor.dim()))
    return torch.linalg.vector_norm(tensor, dim=axes, dtype=torch.float64) if axes else tensor.double().abs()
