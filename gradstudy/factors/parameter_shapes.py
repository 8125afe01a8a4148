"""Ordinary parameters: the fans of a weight, and a vector that starts at one value."""

import math
from collections.abc import Sequence

import torch

from gradstudy.network import Parameter


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """(fan_in, fan_out) of an ordinary weight [out, in] or [out, in, height, width]: units times pixels of the kernel.

    As torch.nn.init counts them.
    """
    outputs, inputs, *kernel = shape
    return inputs * math.prod(kernel), outputs * math.prod(kernel)


def filled(name: str, size: int, value: float) -> Parameter:
    """A parameter [size] of a part's own, filled with `value` whatever the seed."""
    return Parameter(name, (size,), "own", fill=lambda unfilled, _: torch.full_like(unfilled, value))
