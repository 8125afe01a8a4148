"""How the parameters and buffers of every member are first filled, and fitted to data where an init asks for it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gradstudy.network import Network, Parameter, Pass, spread_over
from gradstudy.training.start.streams import torch_stream

StreamKey = tuple[int, ...]
"""(study seed, trial, seed index)."""


def initial_values(
    specifications: Sequence[Sequence[Parameter]],
    inits: Sequence[Any],
    streams: Sequence[StreamKey],
    dtype: torch.dtype,
) -> dict[str, Tensor]:
    """Stacked tensors [member, ...] by name, on the CPU, of all that looks at no other parameter.

    One list of parameters, one init part and one stream per member: what fills a parameter may differ between members,
    its name and shape may not. Each member's ordinary tensor is filled in float64 by a generator of its own per
    parameter, then copied into its slot: a member draws the same numbers in every precision and cohort.
    """
    members = list(zip(specifications, inits, streams, strict=True))
    stacked = {p.name: torch.empty(len(members), *p.shape, dtype=dtype) for p in specifications[0] if p.of is None}
    for slot, (parameters, init, stream) in enumerate(members):
        for parameter in parameters:
            if parameter.of is None:
                stacked[parameter.name][slot].copy_(_draw(parameter, init, _generator(stream, parameter)))
    return stacked


def dependent_values(
    specifications: Sequence[Sequence[Parameter]], values: Mapping[str, Tensor], streams: Sequence[StreamKey]
) -> dict[str, Tensor]:
    """Stacked tensors of what is filled from another parameter's `values`, such as the scale of a normalised weight."""
    found: dict[str, list[Tensor]] = {p.name: [] for p in specifications[0] if p.of is not None}
    for slot, (parameters, stream) in enumerate(zip(specifications, streams, strict=True)):
        for parameter in parameters:
            if parameter.of is not None and parameter.fill is not None:
                source = values[parameter.of][slot].detach().cpu().double()
                found[parameter.name].append(parameter.fill(source, _generator(stream, parameter)))
    like = next(iter(values.values()))
    return {name: torch.stack(tensors).to(like.device, like.dtype) for name, tensors in found.items()}


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
            weight, power = values[name], target / _variance(network, values, name, inputs)
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


def by_name(parameters: Mapping[str, Tensor], slot: int) -> dict[str, Any]:
    """One member's parameters as plain NumPy arrays of their ordinary shape."""
    return {name: tensor[slot].detach().cpu().numpy().copy() for name, tensor in parameters.items()}


def _generator(stream: StreamKey, parameter: Parameter) -> torch.Generator:
    return torch_stream(*stream, "init", parameter.name)


def _draw(parameter: Parameter, init: Any, generator: torch.Generator) -> Tensor:
    tensor = torch.empty(parameter.shape, dtype=torch.float64)
    if parameter.fill is not None:
        return parameter.fill(tensor, generator)
    if parameter.role == "bias":
        init.bias(tensor, parameter.bound, generator)
    elif parameter.role == "edge":
        tensor.uniform_(-parameter.bound, parameter.bound, generator=generator)
    else:
        for block in tensor.chunk(parameter.blocks, dim=0):
            init.weight(block, parameter.bound, generator)
    if parameter.adjust is not None:
        parameter.adjust(tensor)
    return tensor
