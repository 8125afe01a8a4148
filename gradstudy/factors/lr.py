"""Learning-rate schedules: the rate that a member trains with at each step.

`value` is the highest rate of each. `at` says the rates [step, member] at some steps, counted from 0, of so many.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gradstudy.factors.coefficients import elementwise, stacked
from gradstudy.parts import Part, number


@dataclass(frozen=True)
class Constant(Part, group="lr"):
    """The same rate at every step."""

    behind_gradients = True

    value: float = number(0.01, at_least=0.0)

    def at(self, step: Tensor, steps: int) -> Tensor:
        """The rates [step, member] at each `step` [step, 1], from 0, of `steps`; float64."""
        return stacked(self.value) + torch.zeros_like(step)


@dataclass(frozen=True)
class Warmup(Constant):
    """Rises linearly over the share `warmup` of the steps, then stays: value * min(1, (step + 1) / (warmup * steps)).

    Goyal et al. 2017; torch's LinearLR from a start factor of 1 / (warmup * steps).
    """

    warmup: float = number(0.1, at_least=0.0, at_most=1.0)

    def at(self, step: Tensor, steps: int) -> Tensor:
        return self.value * ((step + 1) / (stacked(self.warmup) * steps)).clamp(max=1.0)


@dataclass(frozen=True)
class Cosine(Constant):
    """Falls along half a cosine from `value` to the share `final` of it, which it would reach at step `steps`.

    Loshchilov & Hutter 2017, without restarts; torch's CosineAnnealingLR.
    """

    final: float = number(0.0, at_least=0.0, at_most=1.0)

    def at(self, step: Tensor, steps: int) -> Tensor:
        left = (1 + elementwise(torch.cos, math.pi * step / steps)) / 2
        return stacked(self.value) * (self.final + (1 - self.final) * left)


@dataclass(frozen=True)
class Step(Constant):
    """Multiplied by `drop` whenever another share `every` of the steps, rounded to whole steps, is over.

    He et al. 2016 divide by 10 twice; torch's StepLR.
    """

    drop: float = number(0.1, at_least=0.0, at_most=1.0)
    every: float = number(0.4, above=0.0, at_most=1.0)

    def at(self, step: Tensor, steps: int) -> Tensor:
        period = (stacked(self.every) * steps).round().clamp(min=1.0)
        return self.value * elementwise(torch.pow, self.drop, (step / period).floor())


@dataclass(frozen=True)
class OneCycle(Constant):
    """Rises from `value` / `div_factor` to `value` over the share `pct_start`, then falls far below where it began.

    Both ways along half a cosine, down to `value` / (`div_factor` * `final_div_factor`) at the last step (Smith &
    Topin 2019; torch's OneCycleLR). The momentum stays as it is.
    """

    pct_start: float = number(0.3, at_least=0.0, below=1.0)
    div_factor: float = number(25.0, at_least=1.0)
    final_div_factor: float = number(1e4, at_least=1.0)

    def at(self, step: Tensor, steps: int) -> Tensor:
        value, peak = stacked(self.value), stacked(self.pct_start) * steps - 1
        rising = step < peak
        start = value / self.div_factor
        low = torch.where(rising, start, start / self.final_div_factor)
        from_peak = torch.where(rising, 1 - step / peak, (step - peak) / (steps - 1 - peak))
        return low + (value - low) / 2 * (1 + elementwise(torch.cos, math.pi * from_peak))
