"""How the ground truths are read off the instrument: their protocol, and the numbers that most of them ask for.

Factors are of power: r = mean((dL/dz_l)^2) / mean((dL/dz_{l+1})^2), the square of a ratio of two D_p. Means are over
units and batch, and geometric over seeds: in a narrow deep network the two kinds of mean differ by exp(beta / 2).
"""

from collections.abc import Callable

import numpy as np

import gradstudy
from gradstudy.measurement import Measurement

PROTOCOL = ("task=random_signal", "budget.steps=0", "device=cpu", "device.dtype=float64")
EXACT_NORM = "normalization.eps=1e-30"


def perceptron(width: int, depth: int, batch: int = 32) -> list[str]:
    """A stack of one width, its inputs and outputs too, so that every map has the same fans."""
    size = [f"model.width={width}", f"task.features={width}", f"task.outputs={width}"]
    return ["model=mlp", *size, f"model.depth={depth}", f"task.batch_size={batch}"]


def variance(weights: float, biases: float = 0.0) -> list[str]:
    """fan_in * Var W = `weights` (the literature's sigma_w^2) and Var b = `biases`."""
    return ["init=lecun", f"init.gain={weights**0.5}", f"init.bias_std={biases**0.5}"]


def measured(*overrides: str, seeds: int = 10, **options: bool) -> Measurement:
    """Networks that are not trained, read in float64 with noise at both ends."""
    return gradstudy.measure([*PROTOCOL, *overrides], seeds=seeds, **options)


def initial(measurement: Measurement, quantity: str) -> np.ndarray:
    """A quantity at step 0, [place, seed]."""
    return np.stack([record.series[quantity].values[0] for record in measurement.records], axis=1)


def log_ratio(amplitude: np.ndarray, first: int = 0, last: int = 0) -> np.ndarray:
    """ln of the power at the first place over that at the last one, [seed], with so many places left out at each end.

    `amplitude` is [place, seed].
    """
    return 2 * np.log(amplitude[first] / amplitude[-1 - last])


def decades(measurement: Measurement) -> float:
    """log10 of the power of dL/dz at the first flow point over that at the last one, on average over seeds."""
    return float(log_ratio(initial(measurement, "signal")).mean() / np.log(10))


def factor(measurement: Measurement, first: int = 5, last: int = 4) -> float:
    """By what does the power of dL/dz change from one layer back to the one before it?

    The first layers are left out where q has not settled, the last ones where a norm's gradient is not centred yet.
    """
    return _per_layer(initial(measurement, "signal"), first, last)


def forward_factor(measurement: Measurement, first: int = 5, last: int = 4) -> float:
    """By what does the power of z change from one layer to the next?"""
    return 1 / _per_layer(initial(measurement, "activation_rms"), first, last)


def _per_layer(amplitude: np.ndarray, first: int, last: int) -> float:
    return float(np.exp(log_ratio(amplitude, first, last).mean() / (len(amplitude) - 1 - first - last)))


def gaussian_mean(function: Callable[[np.ndarray], np.ndarray], power: float = 1.0) -> float:
    """E[f(z)] of z ~ N(0, power), to 6 digits also where f has a kink or a jump at 0, which lies between two points."""
    z = np.linspace(-12.0, 12.0, 24000)
    density = np.exp(-z * z / 2)
    return float((density * function(np.sqrt(power) * z)).sum() / density.sum())
