"""Random streams per member and per purpose, so that data, weights and anything else never share one."""

import hashlib

import numpy as np
import torch


def stream_seed(*identity: int | str) -> int:
    """A 63-bit seed from a stable hash of (study seed, seed index, purpose, ...): equal on every machine and run.

    The trial is not part of it: the same seed index means the same data and the same draws in every trial.
    """
    digest = hashlib.blake2b(repr(identity).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def numpy_stream(*identity: int | str) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(stream_seed(*identity)))


def torch_stream(*identity: int | str) -> torch.Generator:
    return torch.Generator().manual_seed(stream_seed(*identity))
