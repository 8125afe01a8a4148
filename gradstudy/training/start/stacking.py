"""Which members can share one stacked network, and how their parts become one."""

from collections.abc import Hashable, Sequence
from dataclasses import fields
from typing import Any, get_type_hints

import torch

from gradstudy.parts import Part, is_coefficient


def structure(part: Part) -> Hashable:
    """What must be equal for two parts to be stacked: the class and every field that is no coefficient."""
    hints = get_type_hints(type(part))
    values = (getattr(part, f.name) for f in fields(part) if not is_coefficient(hints[f.name]))
    return type(part), *(value if isinstance(value, Hashable) else id(value) for value in values)


def stack(parts: Sequence[Any], device: torch.device) -> Any:
    """One part for all members: every coefficient becomes a float64 tensor [member]."""
    first, hints = parts[0], get_type_hints(type(parts[0]))
    stacked = object.__new__(type(first))  # not through __init__: the checks there are for single numbers
    for field in fields(first):
        values = [getattr(part, field.name) for part in parts]
        value = _coefficients(values, device) if is_coefficient(hints[field.name]) else values[0]
        object.__setattr__(stacked, field.name, value)
    return stacked


def _coefficients(values: list[Any], device: torch.device) -> Any:
    if isinstance(values[0], tuple):
        return tuple(_coefficients(list(column), device) for column in zip(*values, strict=True))
    return torch.tensor(values, dtype=torch.float64, device=device)
