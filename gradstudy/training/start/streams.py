"""Random streams per member and per purpose, on the host and as counter-based draws on any device.

Each 64 bits are a hash of their own index (splitmix64; Steele, Lea & Flood 2014), so that a member's draws depend
neither on its neighbours nor on their number, and a whole cohort draws in a few kernels. They make two numbers: on a
CPU that costs about as much as torch.rand.
"""

import hashlib
from collections.abc import Sequence
from math import prod

import numpy as np
import torch
from torch import Tensor


def stream_seed(*identity: int | str) -> int:
    """A 63-bit seed from a stable hash of an identity: equal on every machine and run.

    Data have the identity (study seed, seed index, purpose), so that a seed means the same data in every trial. What a
    network draws has (study seed, trial, seed index, purpose, ...): weights that trials shared would be one draw of a
    level's effect and not one per trial, and a luck common to all of them would look like a cause.
    """
    digest = hashlib.blake2b(repr(identity).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def numpy_stream(*identity: int | str) -> np.random.Generator:
    """A stream of NumPy's, seeded by `stream_seed`."""
    return np.random.Generator(np.random.Philox(stream_seed(*identity)))


def torch_stream(*identity: int | str) -> torch.Generator:
    """A stream of torch's on the CPU, seeded by `stream_seed`."""
    return torch.Generator().manual_seed(stream_seed(*identity))


GOLDEN_64, MIXER_1, MIXER_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
BITS = 24
"""As many as a float32 holds: uniform numbers are multiples of 2^-24."""


class Draws:
    """Uniform numbers for members whose streams are (study seed, trial, seed index); `purpose` keeps streams apart.

    `steps` are so many that a step's number may be a tensor on the device.
    """

    def __init__(self, streams: Sequence[tuple[int, ...]], purpose: str, device: torch.device, steps: int = 0):
        self.device, self._steps = device, steps
        self._seeds = torch.tensor([stream_seed(*stream, purpose) for stream in streams], device=device)
        self._of_steps: dict[str, Tensor] = {}

    def uniform(self, place: str, shape: Sequence[int], step: int | Tensor, dtype: torch.dtype) -> Tensor:
        """Numbers in [0, 1) of shape [member, ...]: the same again for the same place and step."""
        start = _mixed(self._seeds + self._seed(place, step))
        count = prod(shape[1:])
        index = torch.arange(1, (count + 1) // 2 + 1, device=self.device) * _signed(GOLDEN_64)
        words = _mixed(start.unsqueeze(1) + index).view(torch.int32)[:, :count]
        bits = (words >> (32 - BITS)).bitwise_and_((1 << BITS) - 1)
        return bits.to(dtype).mul_(2.0**-BITS).view(shape)

    def _seed(self, place: str, step: int | Tensor) -> int | Tensor:
        """That of a place and step: on a device, which cannot hash words, out of a table that is made once."""
        if isinstance(step, int):
            return stream_seed(place, step)
        if place not in self._of_steps:
            seeds = [stream_seed(place, each) for each in range(self._steps)]
            self._of_steps[place] = torch.tensor(seeds, device=self.device)
        return self._of_steps[place][step]


def _mixed(x: Tensor) -> Tensor:
    """splitmix64's finaliser; int64 products wrap around. In place where it can be: a fresh tensor costs as much."""
    x = _shifted(x, 30).bitwise_xor_(x).mul_(_signed(MIXER_1))
    x = _shifted(x, 27).bitwise_xor_(x).mul_(_signed(MIXER_2))
    return _shifted(x, 31).bitwise_xor_(x)


def _shifted(x: Tensor, bits: int) -> Tensor:
    """A logical shift to the right: torch's keeps the sign."""
    return (x >> bits).bitwise_and_((1 << (64 - bits)) - 1)


def _signed(number: int) -> int:
    """The same 64 bits as a signed number."""
    return number - (1 << 64) if number >= 1 << 63 else number
