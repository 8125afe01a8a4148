"""How the parameters and buffers of every member are first filled."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gradstudy.network import Parameter
from gradstudy.training.start.streams import torch_stream

StreamKey = tuple[int, int]
"""(study seed, seed index)."""


def initial_values(
    specifications: Sequence[Sequence[Parameter]],
    inits: Sequence[Any],
    streams: Sequence[StreamKey],
    dtype: torch.dtype,
) -> dict[str, Tensor]:
    """Stacked tensors [member, ...] by name, on the CPU, of all that looks at no other parameter.

    One list of parameters, one init part and one stream per member: what fills a parameter may differ between members,
    its name and shape may not. Each member's ordinary tensor is filled in float64 by a generator of its own per
    parameter, then copied into its slot: the same seed draws the same numbers in every trial, precision and cohort.
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
