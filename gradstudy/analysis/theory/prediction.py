"""Theory beside measurement: what mean-field theory says of a network's gradient flow at initialisation.

Exact in the limit of infinite width, at finite depth.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gradstudy.analysis.responses.signal_map import decades_of
from gradstudy.analysis.theory.expectations import slope_power, value_power
from gradstudy.analysis.theory.layerwise import BranchLayer, Pixels, Samples, layers, passed, product
from gradstudy.quantities import followed_answers
from gradstudy.random_network import (
    BranchStep,
    NoTheory,
    RandomFeedforward,
    RandomMap,
    RandomNetwork,
    RandomRecurrent,
    RandomStage,
)
from gradstudy.series import CEILING, FLOOR

FEWEST_FEATURES = 8
"""Of 8 features a norm takes a quarter of the directions, of which theory knows nothing."""
Back = Callable[[np.ndarray], np.ndarray]
MeanFieldStream = Pixels | Samples
"""What theory keeps of a stream in arrays: a state forward and a gradient backward, both in mean squares."""


@dataclass(frozen=True)
class Prediction:
    """The flow at initialisation, in the limit of infinite width, from input to output or first to last time step.

    `signal` [place] is log10(D_p / D_last) in decades of amplitude, 0 at the last place, and -inf or inf where nothing
    is left of it or it has no size. `activation_rms` [place] is the root mean square of the flow point itself.
    """

    signal: np.ndarray
    activation_rms: np.ndarray

    @property
    def by_distance(self) -> np.ndarray:
        """What is left of an answer's signal 0, 1, 2, ... time steps before it, [distance]: log10 of the share of it.

        For places that are time steps with an answer each. As it is measured: of the median share, over some of the
        answers; -inf where it has left the range of float64.
        """
        answers = followed_answers(len(self.signal))
        shares = np.full((len(answers), len(self.signal)), np.nan)
        with np.errstate(all="ignore"):  # of an answer from whose own step on nothing is left, nobody knows
            for own, time in zip(shares, answers, strict=True):
                own[:time] = 10.0 ** (self.signal[:time] - self.signal[time - 1])[::-1]
            return decades_of(np.nanmedian(shares, axis=0))

    @property
    def gain_init(self) -> float:
        """The decades by which the gradient grows from the last place to the first."""
        return float(self.signal[0])


def even_fading(gain: float | None, places: int) -> np.ndarray | None:
    """What `Prediction.by_distance` would be where the gain alone was kept: a line, as if every step lost as much.

    None where there is no gain, or where it left the range of float64 and has no size.
    """
    return np.linspace(0.0, gain, places) if gain is not None and FLOOR < gain < CEILING else None


@np.errstate(all="ignore")
def predict_over_time(wiring: RandomRecurrent) -> Prediction:
    """The sizes of hidden states and their gradients, all from the loss of the last answer, at each time step."""
    before = _pre_activations(wiring)
    factors = product(wiring.recurrent.backward, slope_power(wiring.curve, before[1:]))
    # natural logarithms, from the last step backwards: thousands of steps stay in range
    signal = np.cumsum(np.log(np.append(factors, 1.0))[::-1])[::-1] / (2 * np.log(10))
    return Prediction(signal, np.sqrt(value_power(wiring.curve, before)))


def _pre_activations(wiring: RandomRecurrent) -> np.ndarray:
    bias, hidden = wiring.entering.bias + wiring.recurrent.bias, np.zeros(())
    powers: list[np.ndarray] = []
    for entering in wiring.power:
        powers.append(passed(wiring.entering.forward, entering) + passed(wiring.recurrent.forward, hidden) + bias)
        hidden = value_power(wiring.curve, powers[-1])
    return np.array(powers)


def predict(wiring: RandomNetwork) -> Prediction:
    """The flow of the signal through this network before training, place by place. NoTheory where nobody knows."""
    return predict_over_time(wiring) if isinstance(wiring, RandomRecurrent) else _predict_over_depth(wiring)


@np.errstate(all="ignore")
def _predict_over_depth(wiring: RandomFeedforward) -> Prediction:
    _check(wiring)
    stream = Samples(wiring) if wiring.norm == "batch" else Pixels(wiring)
    states, ways = [stream.start()], []
    for stage in wiring.stages:
        behind, back = _through(stream, states[-1], layers(stage.branch, wiring.norm))
        states.append(_joined(stage, states[-1], behind))
        ways.append((stage, back))
    entered = _entered(stream, states[-1], wiring)
    signal = _signal(stream, entered, ways)
    rms = np.sqrt([stream.power(state) for state in states])
    return Prediction(signal[wiring.stem :], rms[wiring.stem :])


def _check(wiring: RandomFeedforward) -> None:
    maps = [wiring.first, *(step for stage in wiring.stages for step in stage.branch if isinstance(step, RandomMap))]
    if wiring.norm != "none" and any(one.window is not None for one in maps):
        raise NoTheory("a norm takes the pixels of an image together, and convolutions make them depend on each other")
    if wiring.norm == "layer":
        _check_features(wiring)


def _check_features(wiring: RandomFeedforward) -> None:
    """Behind every map stand as many features as it makes, and joins change none of them."""
    features = math.inf
    for step in (wiring.first, *(step for stage in wiring.stages for step in stage.branch), *wiring.last):
        if isinstance(step, RandomMap):
            features = step.fans[1]
        elif step == "norm" and features < FEWEST_FEATURES:
            raise NoTheory(
                f"a norm over n features takes two directions out of them, too many of {features}: it takes "
                f"{FEWEST_FEATURES}"
            )


def _through(stream: MeanFieldStream, state: np.ndarray, branch: Sequence[BranchLayer]) -> tuple[np.ndarray, Back]:
    ways: list[Back] = []
    for layer in branch:
        state, back = stream.through(state, layer)
        ways.insert(0, back)

    def whole(gradient: np.ndarray) -> np.ndarray:
        for way in ways:
            gradient = way(gradient)
        return gradient

    return state, whole


def _joined(stage: RandomStage, around: np.ndarray, through: np.ndarray) -> np.ndarray:
    return np.asarray(product(stage.skip**2, around) + product(stage.scale**2, through))


def _entered(stream: MeanFieldStream, state: np.ndarray, wiring: RandomFeedforward) -> np.ndarray:
    """What the read-out sends back to z_L, behind what stands before it."""
    noise, identity = stream.noise(state), RandomMap(1.0, 1.0)
    steps: tuple[BranchStep, ...] = (*wiring.last, identity)
    entered = _through(stream, state, layers(steps, wiring.norm))[1](noise)
    return entered if 0.0 < stream.power(entered) < np.inf else noise


def _signal(stream: MeanFieldStream, gradient: np.ndarray, ways: Sequence[tuple[RandomStage, Back]]) -> np.ndarray:
    """Decades of amplitude [place]. The gradient is brought back to power 1 at every place, so as to stay in range.

    Where it is 0 or inf it stays so further back.
    """
    gradient, decades = gradient / stream.power(gradient), [0.0]
    for stage, back in ways[::-1]:
        if np.isfinite(decades[-1]):
            gradient = _joined(stage, gradient, back(gradient))
            power = stream.power(gradient)
            gradient = gradient / power
            decades.append(decades[-1] + np.log10(power) / 2)
        else:
            decades.append(decades[-1])
    return np.array(decades[::-1])
