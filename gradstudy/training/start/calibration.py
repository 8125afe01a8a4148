"""Initialisations that look at data: weights are scaled until what they make has the variance that was asked for."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gradstudy.network import Network, Pass, spread_over


@torch.no_grad()
def calibrate(network: Network, values: Mapping[str, Tensor], inits: Sequence[Any], inputs: Tensor) -> None:
    """Scales, in place and in forward order, every hidden weight of the members whose init looks at data.

    `values` are parameters and buffers. What each weight makes of `inputs` [member, batch, ...], without its bias and
    without dropout, then has the variance gain^2 over batch and features. Mishkin & Matas 2016 scale up to ten times
    until the variance is within a tenth: a map is linear in its weight, so that once is enough. A weight whose output
    does not vary (the last one of a branch that starts at zero) is left as it is.
    """
    asked = [init.gain**2 if init.looks_at_data else math.nan for init in inits]
    target = torch.tensor(asked, dtype=torch.float64, device=inputs.device)
    hidden = {parameter.name for parameter in network.parameters if parameter.role == "hidden"}
    for name in _outputs(network, values, inputs):
        if name in hidden:
            _scale(values[name], target / _variance(network, values, name, inputs))


def _scale(weight: Tensor, power: Tensor) -> None:
    """Multiplies each member's weight by the root of its power [member], where that is a positive number."""
    factor = torch.where(power.isfinite() & (power > 0), power.sqrt(), 1.0).to(weight.dtype)
    weight *= spread_over(factor, weight)


def _variance(network: Network, values: Mapping[str, Tensor], name: str, inputs: Tensor) -> Tensor:
    """The variance [member] of what a weight makes of the inputs, without what its map adds (its bias)."""
    without = {**values, name: torch.zeros_like(values[name])}
    made = _outputs(network, values, inputs)[name] - _outputs(network, without, inputs)[name]
    return made.double().flatten(1).var(1, correction=0)


def _outputs(network: Network, values: Mapping[str, Tensor], inputs: Tensor) -> dict[str, Tensor]:
    """What every map makes of the inputs, by its weight's name and in forward order."""
    outputs: dict[str, Tensor] = {}
    network(Pass(values, values, training=True, watched=outputs), inputs)
    return outputs
