"""A learned or remembered vector that starts at one value."""

import torch

from gradstudy.network import Parameter


def filled(name: str, size: int, value: float) -> Parameter:
    """A parameter [size] of a part's own, filled with `value` whatever the seed."""
    return Parameter(name, (size,), "own", fill=lambda _, __: torch.full((size,), value, dtype=torch.float64))
