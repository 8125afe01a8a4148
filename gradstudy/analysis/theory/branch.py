"""What a branch is made of, as far as theory can follow it, and the arithmetic of powers that may be 0 or inf."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gradstudy.random_network import BranchStep, Norm, NoTheory, RandomMap

SMALLEST_POWER = 1e-300
"""What vanishes without being 0 ends here: its square root can still be squared."""


def product(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    """a b, where 0 times inf is 0: nothing passes through a factor of 0."""
    return np.where((np.asarray(a) == 0.0) | (np.asarray(b) == 0.0), 0.0, np.multiply(a, b))


def passed(factor: float, power: np.ndarray | float) -> np.ndarray:
    """Their product as the power of a signal, which is 0 only where one of them is: a small one never rounds to 0.

    The difference is felt by a ReLU, which passes half of what is small and nothing of what is 0.
    """
    one = product(factor, power)
    return np.where((np.asarray(factor) == 0.0) | (np.asarray(power) == 0.0), one, np.maximum(one, SMALLEST_POWER))


@dataclass(frozen=True)
class BranchLayer:
    """A map, and what of a norm and then an activation stands before it."""

    norm: bool
    activation: bool
    map: RandomMap


REASONS = {
    ("norm", "norm"): "two norms follow each other",
    ("activation", "activation"): "two activations follow each other, and the second one's inputs are not Gaussian",
    ("activation", "norm"): "a norm stands behind an activation, whose outputs are not Gaussian",
}


def layers(branch: Sequence[BranchStep], norm: Norm) -> list[BranchLayer]:
    """Of which layers does a branch consist, in order? NoTheory where pre-activations would not be Gaussian."""
    found: list[BranchLayer] = []
    before: list[Literal["norm", "activation"]] = []
    for step in branch:
        if isinstance(step, RandomMap):
            found.append(BranchLayer("norm" in before, "activation" in before, step))
            before = []
        elif step == "activation" or norm != "none":
            if before and (before[-1], step) in REASONS:
                raise NoTheory(REASONS[before[-1], step])
            before.append(step)
    if before or not found:
        raise NoTheory("a branch ends without a random map, which makes it independent of its skip")
    return found
