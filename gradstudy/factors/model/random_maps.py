"""What mean-field theory takes the maps and blocks of a network for, in its own plain types."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradstudy.factors.parameter_shapes import fans
from gradstudy.layer_parts import Layers
from gradstudy.network import Parameter
from gradstudy.random_network import (
    BranchStep,
    Facts,
    Inputs,
    Law,
    Norm,
    NoTheory,
    PixelWindow,
    RandomFeedforward,
    RandomMap,
    RandomStage,
)

EVEN = 0.5
"""Below this evenness of random inputs the theory of batch norm lost more than .02 decades per layer (32 samples)."""
TOKENS = 1024
"""As many typical tokens are followed: each costs some 300 values of phi per layer."""
Side = tuple[int, int] | None
"""Height and width of images."""


def random_map(weight: Parameter, law: Law, *, window: PixelWindow | None = None, biases: int = 1) -> RandomMap:
    """One map whose weight, and as many biases with the weight's own bound, are drawn by this law.

    A kernel of one pixel, or of which only the centre is drawn, looks at no other pixel.
    """
    block = (weight.shape[0] // weight.blocks, *weight.shape[1:])
    fan_in, fan_out = fans(block)
    variance = weight.bound**2 / 3 if weight.role == "edge" else law.variance(block, weight.bound)
    looks_around = window is not None and window.kernel > 1 and not law.centred
    bias = biases * law.bias_power(weight.bound)
    return RandomMap(fan_in * variance, fan_out * variance, bias, window if looks_around else None, (fan_in, fan_out))


def random_stage(branch: Sequence[BranchStep], layers: Layers, *, blocks: int) -> RandomStage:
    """A branch and the skip around it, as one of `blocks` behind each other."""
    skip, scale = layers.residual.shares(blocks)
    return RandomStage(tuple(branch), skip, scale)


def random_feedforward(
    first: RandomMap,
    stages: Sequence[RandomStage],
    layers: Layers,
    facts: Facts,
    *,
    side: Side = None,
    spatial: bool = False,
    stem: bool = False,
    last: tuple[BranchStep, ...] = ("norm", "activation"),
) -> RandomFeedforward:
    """A whole network of these maps and stages.

    `stem` and `last` where it starts or ends otherwise than a perceptron. `side` where pixels are kept apart; `spatial`
    where a feature is a channel, so that norms see its pixels together.
    NoTheory for a norm that would have to know how samples, or pixels, depend on each other.
    """
    norm, inputs = layers.normalization.norm(), facts.inputs
    if (norm == "batch" and spatial) or (norm != "none" and side is not None):
        raise NoTheory("a norm takes the pixels of an image together, and these are not independent")
    if norm == "batch" and inputs.evenness < EVEN:
        raise NoTheory("the samples of a batch differ in few directions, and a batch norm makes much of these")
    return RandomFeedforward(
        first,
        tuple(stages),
        facts.curve,
        norm=norm,
        eps=layers.normalization.eps,
        dropout=layers.regularization.dropped(),
        batch=inputs.batch,
        power=_power(inputs, norm, side),
        variance=float(inputs.variance.mean()),
        side=side,
        stem=stem,
        last=last,
    )


def by_token(inputs: Inputs, tokens: np.ndarray) -> Inputs:
    """Inputs to a network that every token passes by itself: those of typical samples count as samples themselves.

    `tokens` [sample, token, feature]: the typical samples. Where that makes more than 1024, those of like power are
    taken together.
    """
    powers = np.sort(tokens.mean(2), axis=None)
    groups = np.array_split(powers, min(TOKENS, len(powers)))
    return replace(inputs, typical=np.array([[group.mean()] for group in groups]))


def _power(inputs: Inputs, norm: Norm, side: Side) -> float | np.ndarray:
    """One number for a batch norm, which sees all samples together; else typical samples, or their pixels."""
    if norm == "batch":
        return float(inputs.power.mean())
    samples = inputs.typical.reshape(len(inputs.typical), -1) if side is None else inputs.typical
    return np.asarray(samples.mean(1))
