"""What mean-field theory needs to know of the parts of a trial: plain numbers, arrays and functions."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradstudy.layer_parts import Activation, TensorMap, network_of
from gradstudy.network import Pass
from gradstudy.random_network import ActivationCurve, Facts, Inputs, NoTheory, RandomNetwork
from gradstudy.training.cohort import stack
from gradstudy.training.start.initialization import initial_values
from gradstudy.training.start.streams import numpy_stream

SAMPLES, GROUPS = (64, 4096), 64
"""At least and at most so many samples: 4096 tell the power of one feature to a few per cent."""
NUMBERS = 2**22
"""In between, as many samples as hold so many numbers, 32 MB of them."""
BATCHES, EVENNESS_ROWS = 8, 1024
"""How many batches, and rows of each, say how evenly samples point: it costs the square of the rows."""
CPU = torch.device("cpu")
TEST_UNITS = np.linspace(-3.0, 3.0, 64)
"""Pre-activations at which an activation is checked to act on each by itself."""


def random_network_of(parts: Mapping[str, Any], study_seed: int) -> RandomNetwork:
    """What theory takes the network for that these parts by group make, before any training.

    NoTheory where one of its parts has none. The inputs come from a stream of their own.
    """
    if parts["pretraining"].changes_weights:
        raise NoTheory("pretraining changes the weights before training starts")
    network = network_of(parts)
    if not hasattr(network, "random_network"):
        raise NoTheory("this model does not say how its maps are wired")
    try:
        curve = activation_curve_of(parts["activation"])
        facts = Facts(parts["init"], curve, inputs_of(parts["task"], study_seed))
        wired: RandomNetwork = network.random_network(facts)
        return wired
    except OverflowError as error:
        raise NoTheory("a mean square is beyond what a float holds") from error


@lru_cache(maxsize=8)  # the trials of a study share their task
@np.errstate(all="ignore")  # squares may leave the range in which samples are
def inputs_of(task: Any, study_seed: int) -> Inputs:
    """What a task feeds into a network: statistics of up to some thousand samples from a stream of their own."""
    stream = numpy_stream(study_seed, 0, "theory")
    batches = [task.batch(stream)[0]]
    wanted = np.clip(NUMBERS // max(1, batches[0][0].size), *SAMPLES)
    while sum(map(len, batches)) < wanted:
        batches.append(task.batch(stream)[0])
    samples = np.concatenate(batches)
    powers = np.square(samples)
    np.maximum(powers, np.finfo(float).tiny, out=powers, where=samples != 0.0)  # what is not 0 has no power of 0
    return Inputs(
        power=powers.mean(0),
        typical=_typical(powers),
        variance=samples.var(0),
        batch=len(batches[0]),
        evenness=float(np.mean([_evenness(batch[:EVENNESS_ROWS]) for batch in batches[:BATCHES]])),
    )


def _typical(powers: np.ndarray) -> np.ndarray:
    """Of samples in groups of like size, the middle one of each, brought to its group's mean size."""
    sizes = powers.reshape(len(powers), -1).mean(1)
    groups = np.array_split(np.argsort(sizes), min(GROUPS, len(powers)))
    middle, wanted = [group[len(group) // 2] for group in groups], [sizes[group].mean() for group in groups]
    known = (sizes[middle] > 0) & np.isfinite(wanted)
    factors = np.divide(wanted, sizes[middle], out=np.ones(len(groups)), where=known)
    return np.asarray(powers[middle] * factors.reshape(-1, *[1] * (powers.ndim - 1)))


def _evenness(batch: np.ndarray) -> float:
    """The number of directions in which samples differ from their mean, as a share of the B - 1 that B of them can.

    The participation ratio (sum of eigenvalues)^2 / (sum of their squares) of their scalar products.
    """
    apart = (batch - batch.mean(0)).reshape(len(batch), -1)
    largest = abs(apart).max()
    if largest == 0.0:
        return 0.0
    apart /= largest  # its fourth power must stay in range
    products = apart @ apart.T
    return float(np.trace(products) ** 2 / np.square(products).sum() / (len(batch) - 1))


def activation_curve_of(activation: Activation) -> ActivationCurve:
    """An activation and its slope, by autograd, as functions of float64 arrays; what it learns stands at its start.

    NoTheory for one that is no function of one number.
    """
    function = _bound(activation)

    def value(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return function(_as_units(x)).numpy().reshape(np.shape(x))

    def slope(x: np.ndarray) -> np.ndarray:
        at = _as_units(x).requires_grad_()
        (gradient,) = torch.autograd.grad(function(at).sum(), at)
        return gradient.numpy().reshape(np.shape(x))

    _check_alone(function)
    return ActivationCurve(value, slope)


def _bound(activation: Activation) -> TensorMap:
    """The activation of a member alone, with its coefficients and its parameters [1, ...]."""
    parameters = activation.parameters("one.activation")
    values = initial_values([parameters], [None], [(0, 0)], torch.float64)
    stacked: Activation = stack([activation], CPU)
    return stacked.at(Pass(values).at("one.activation"))


def _as_units(x: np.ndarray) -> Tensor:
    """[member, sample, unit] of one member and one sample."""
    return torch.from_numpy(np.array(x, dtype=np.float64).reshape(1, 1, -1))


def _check_alone(function: TensorMap) -> None:
    """NoTheory where an activation is random, or a unit or sample changes what it makes of the others."""
    units = _as_units(TEST_UNITS)
    with torch.no_grad():
        together, apart = function(units), function(units.transpose(1, 2).contiguous())
        half = function(units[:, :, : len(TEST_UNITS) // 2])
    same = together.shape == units.shape and torch.equal(together.flatten(), apart.flatten())
    if not same or not torch.allclose(together[:, :, : half.shape[2]], half):
        raise NoTheory("the activation is no function of one number")
