"""What a branch is made of, as far as theory can follow it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gradstudy.wiring import Map, Norm, NoTheory, Step


@dataclass(frozen=True)
class Layer:
    """A map, and what of a norm and then an activation stands before it."""

    norm: bool
    activation: bool
    map: Map


REASONS = {
    ("norm", "norm"): "two norms follow each other",
    ("activation", "activation"): "two activations follow each other, and the second one's inputs are not Gaussian",
    ("activation", "norm"): "a norm stands behind an activation, whose outputs are not Gaussian",
}


def layers(branch: Sequence[Step], norm: Norm) -> list[Layer]:
    """Of which layers does a branch consist, in order? NoTheory where pre-activations would not be Gaussian."""
    found, before = [], []
    for step in branch:
        if isinstance(step, Map):
            found.append(Layer("norm" in before, "activation" in before, step))
            before = []
        elif step == "activation" or norm != "none":
            if before and (before[-1], step) in REASONS:
                raise NoTheory(REASONS[before[-1], step])
            before.append(step)
    if before or not found:
        raise NoTheory("a branch ends without a random map, which makes it independent of its skip")
    return found
