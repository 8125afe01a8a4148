"""Random numbers while training: a counter-based stream per member, place and step, the same on every device.

Each 64 bits are a hash of their own index (splitmix64; Steele, Lea & Flood 2014), so that a member's draws depend
neither on its neighbours nor on their number, and a whole cohort draws in a few kernels. They make two numbers: on a
CPU that costs about as much as torch.rand.
"""

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

from gradstudy.training.streams import stream_seed

GOLDEN, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
BITS = 24
"""As many as a float32 holds: uniform numbers are multiples of 2^-24."""


class Draws:
    """Uniform numbers for members whose streams are (study seed, seed index); `purpose` keeps streams apart."""

    def __init__(self, streams: Sequence[tuple[int, int]], purpose: str, device: torch.device):
        self.device = device
        self._seeds = torch.tensor([stream_seed(*stream, purpose) for stream in streams], device=device)

    def uniform(self, place: str, shape: Sequence[int], step: int, dtype: torch.dtype) -> Tensor:
        """Numbers in [0, 1) of shape [member, ...]: the same again for the same place and step."""
        start = _mixed(self._seeds + _signed(stream_seed(place, step)))
        count = prod(shape[1:])
        index = torch.arange(1, (count + 1) // 2 + 1, device=self.device) * _signed(GOLDEN)
        words = _mixed(start.unsqueeze(1) + index).view(torch.int32)[:, :count]
        bits = (words >> (32 - BITS)).bitwise_and_((1 << BITS) - 1)
        return bits.to(dtype).mul_(2.0**-BITS).view(shape)


def _mixed(x: Tensor) -> Tensor:
    """splitmix64's finaliser; int64 products wrap around. In place where it can be: a fresh tensor costs as much."""
    x = _shifted(x, 30).bitwise_xor_(x).mul_(_signed(FIRST))
    x = _shifted(x, 27).bitwise_xor_(x).mul_(_signed(SECOND))
    return _shifted(x, 31).bitwise_xor_(x)


def _shifted(x: Tensor, bits: int) -> Tensor:
    """A logical shift to the right: torch's keeps the sign."""
    return (x >> bits).bitwise_and_((1 << (64 - bits)) - 1)


def _signed(number: int) -> int:
    """The same 64 bits as a signed number."""
    return number - (1 << 64) if number >= 1 << 63 else number
