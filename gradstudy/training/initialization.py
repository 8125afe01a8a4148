"""How the parameters of every member are first filled."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gradstudy.network import Parameter
from gradstudy.training.streams import torch_stream


def initial_parameters(
    parameters: Sequence[Parameter], inits: Sequence[Any], streams: Sequence[tuple[int, int]], dtype: torch.dtype
) -> dict[str, Tensor]:
    """Stacked parameters [member, ...] by name, on the CPU.

    `inits` is one init part per member, `streams` its (study seed, seed index). Each member's ordinary tensor is filled
    in float64 by a generator of its own per parameter, then copied into its slot: the same seed draws the same numbers
    in every trial, precision and cohort.
    """
    stacked = {p.name: torch.empty(len(inits), *p.shape, dtype=dtype) for p in parameters}
    for slot, (init, stream) in enumerate(zip(inits, streams, strict=True)):
        for parameter in parameters:
            tensor = torch.empty(parameter.shape, dtype=torch.float64)
            _fill(tensor, parameter, init, torch_stream(*stream, "init", parameter.name))
            stacked[parameter.name][slot].copy_(tensor)
    return stacked


def _fill(tensor: Tensor, parameter: Parameter, init: Any, generator: torch.Generator) -> None:
    if parameter.role == "bias":
        init.bias(tensor, parameter.bound, generator)
    elif parameter.role == "edge":
        tensor.uniform_(-parameter.bound, parameter.bound, generator=generator)
    else:
        for block in tensor.chunk(parameter.blocks, dim=0):
            init.weight(block, parameter.bound, generator)


def by_name(parameters: Mapping[str, Tensor], slot: int) -> dict[str, Any]:
    """One member's parameters as plain NumPy arrays of their ordinary shape."""
    return {name: tensor[slot].detach().cpu().numpy().copy() for name, tensor in parameters.items()}
