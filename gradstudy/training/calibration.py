"""Initialisations that look at data: weights are scaled until what they make has the variance that was asked for."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gradstudy.network import Network, Pass

TOLERANCE, ROUNDS = 0.1, 10
"""Mishkin & Matas 2016: how near to 1 the variance must come, and how often it is tried."""


@torch.no_grad()
def calibrate(network: Network, values: dict[str, Tensor], inits: Sequence[Any], inputs: Tensor) -> None:
    """Scales, in place and in forward order, every hidden weight of the members whose init looks at data.

    `values` are parameters and buffers; the output of each map then has a variance of gain^2 on `inputs`
    [member, batch, ...], without dropout. A map whose output does not vary (a branch that starts at zero) is left as
    it is.
    """
    chosen = torch.tensor([init.looks_at_data for init in inits], device=inputs.device)
    target = torch.tensor([init.gain for init in inits], dtype=torch.float64, device=inputs.device) ** 2
    hidden = {p.name for p in network.parameters if p.role == "hidden"}
    order: dict[str, Tensor] = {}
    network(Pass(values, values, training=True, watched=order), inputs)
    for name in (name for name in order if name in hidden):
        for _ in range(ROUNDS):
            outputs: dict[str, Tensor] = {}
            network(Pass(values, values, training=True, watched=outputs), inputs)
            variance = outputs[name].double().flatten(1).var(1, correction=0) / target
            off = chosen & variance.isfinite() & (variance > 0) & ((variance - 1).abs() > TOLERANCE)
            if not off.any():
                break
            factor = torch.where(off, variance.rsqrt(), 1.0).to(values[name].dtype)
            values[name] *= factor.view(-1, *[1] * (values[name].dim() - 1))
