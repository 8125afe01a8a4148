"""What factors do to the response, row by row.

Each effect is standardised over the space, so that squared weights are variances; products of such effects as well.
"""

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from planted.row import Coded


def line(number: np.ndarray) -> np.ndarray:
    """A number's straight effect, of mean 0 and variance 1 over 0..1."""
    return np.sqrt(12.0) * (number - 0.5)


def valley(number: np.ndarray) -> np.ndarray:
    """A parabola that a straight line does not see, of mean 0 and variance 1."""
    return np.sqrt(45.0) / 2 * ((2 * number - 1) ** 2 - 1 / 3)


def wave(number: np.ndarray) -> np.ndarray:
    """One period of a sine, of mean 0 and variance 1."""
    return np.sqrt(2.0) * np.sin(2 * np.pi * number)


def bump(number: np.ndarray) -> np.ndarray:
    """A narrow hill in the middle; its variance over 0..1 is .0995."""
    return np.exp(-(((number - 0.5) / 0.15) ** 2))


def steps(codes: np.ndarray, *heights: float) -> np.ndarray:
    """An effect of levels with these heights, brought to mean 0 and variance 1."""
    known = np.array(heights)
    return ((known - known.mean()) / known.std())[np.asarray(codes, dtype=int)]


def additive(at: Coded) -> np.ndarray:
    return (
        np.sqrt(0.40) * line(at["lr"])
        + np.sqrt(0.24) * steps(at["activation"], 0, 1, 3, 1)
        + np.sqrt(0.15) * steps(at["normalization"], 2, 0, 1)
        + np.sqrt(0.10) * line(at["init.gain"])
        + np.sqrt(0.07) * steps(at["init"], 0, 1)
        + np.sqrt(0.04) * steps(at["optimizer"], 0, 0, 1)
    )


def interacting(at: Coded) -> np.ndarray:
    act, init = steps(at["activation"], 0, 1, 1, 0), steps(at["init"], 0, 1)
    return (
        0.9 * act * init
        + 0.8 * act * line(at["lr"])
        + 0.6 * line(at["init.gain"]) * valley(at["depth"])
        + 0.25 * steps(at["normalization"], 0, 1, 2)
        + 0.2 * line(at["init.gain"])
    )


def non_monotone(at: Coded) -> np.ndarray:
    return (
        np.sqrt(0.45) * valley(at["init.gain"])
        + np.sqrt(0.28 / 0.0995) * bump(at["lr"])
        + np.sqrt(0.17) * wave(at["dropout"])
        + np.sqrt(0.10) * steps(at["activation"], 0, 2, 1, 0)
    )


def conditional(at: Coded) -> np.ndarray:
    where_clipped = np.where(at["clipping.max_norm"] < 0, 0.0, line(at["clipping.max_norm"]))
    where_moved = np.where(at["optimizer.momentum"] < 0, 0.0, line(at["optimizer.momentum"]))
    return (
        line(at["lr"])
        + 0.6 * steps(at["clipping"], 2, 0, 1)
        + 0.75 * where_clipped
        + 0.5 * where_moved
        + 0.4 * steps(at["activation"], 0, 1, 1, 0)
    )


def moderate(at: Coded) -> np.ndarray:
    act = steps(at["activation"], 0, 1, 2, 1)
    return line(at["lr"]) + 0.6 * act + 0.5 * act * line(at["lr"]) + 0.45 * steps(at["normalization"], 0, 1, 1)


def decades(at: Coded) -> np.ndarray:
    """Decades gained by a member that stays finite; 0 is where nothing explodes."""
    growth = 2.0 + 5.0 * (at["init.gain"] - 0.5) * (0.5 + at["depth"]) + 1.5 * (at["lr"] - 0.5)
    return growth + 1.4 * steps(at["activation"], 0, 2, -1, 1)


def divergence(at: Coded, *, share: float) -> np.ndarray:
    """A soft edge through learning rate x gain x optimizer x clipping: this share of all members lies behind it."""
    return expit(2.5 * (_reach(at) - _edge(share)))


def _reach(at: Coded) -> np.ndarray:
    clipped = np.array([1.0, -1.0, 0.0])[np.asarray(at["clipping"], dtype=int)]
    steep = np.array([1.0, -0.5, 0.0])[np.asarray(at["optimizer"], dtype=int)]
    return 8.0 * (at["lr"] - 0.5) + 3.0 * (at["init.gain"] - 0.5) + steep + clipped * (0.4 + at["lr"])


def _edge(share: float) -> float:
    middles = (np.arange(64) + 0.5) / 64
    lr, gain, optimizer, clipping = np.meshgrid(middles, middles, np.arange(3), np.arange(3), indexing="ij")
    reach = _reach({"lr": lr, "init.gain": gain, "optimizer": optimizer, "clipping": clipping})
    return float(brentq(lambda edge: expit(2.5 * (reach - edge)).mean() - share, -30.0, 30.0))


def two_causes(at: Coded) -> np.ndarray:
    act = steps(at["activation"], 0, 1, 2, 1)
    return line(at["lr"]) + 0.6 * act + 0.4 * act * line(at["lr"])


def tied(at: Coded) -> np.ndarray:
    init = steps(at["init"], 0, 1)
    return line(at["lr"]) + 0.7 * init + 0.5 * steps(at["optimizer"], 0, 1, 2) + 0.4 * init * valley(at["init.gain"])


def few(at: Coded) -> np.ndarray:
    act = steps(at["activation"], 0, 1, 2, 1)
    return line(at["lr"]) + 0.7 * act * line(at["lr"]) + 0.5 * steps(at["normalization"], 0, 1, 1)


def many(at: Coded) -> np.ndarray:
    act, init = steps(at["activation"], 0, 1, 2, 1), steps(at["init"], 0, 1)
    return (
        line(at["lr"])
        + 0.65 * act
        + 0.55 * init * line(at["lr"])
        + 0.45 * valley(at["init.gain"])
        + 0.3 * steps(at["normalization"], 0, 1, 2)
    )


# Decades of gradient power per layer at width 256 by norm and activation, for the three inits (mean-field theory).
SLOPES = np.array(
    [
        [(-0.4771, 0.0, 0.3010), (-0.7783, -0.3012, 0.0), (-0.4853, -0.0527, 0.0318), (-1.7002, -1.2572, -1.0005)],
        [(0.0,) * 3, (-0.0099,) * 3, (0.0580,) * 3, (-0.8330,) * 3],
        [(0.0,) * 3, (0.1512,) * 3, (0.0580,) * 3, (-0.0296,) * 3],
    ]
)
DEPTHS = np.array([4, 8, 16, 32])


def deep(at: Coded) -> np.ndarray:
    """What theory says of deep networks before training: the slope times the steps between first and last layer."""
    depth, act, init, norm = (np.asarray(at[name], dtype=int) for name in ("depth", "activation", "init", "norm"))
    return SLOPES[norm, act, init] * (DEPTHS[depth] - 1)


def vanished(at: Coded) -> np.ndarray:
    """The decades of amplitude that such a network's signal loses on its way back: from 0 to the cap of 10."""
    return np.clip(-deep(at) / 2, 0.0, 10.0)


def four_way(at: Coded) -> np.ndarray:
    """A product of four contrasts, which no effect of three shows, and a factor that acts alone: .24 and .76."""
    together = steps(at["init"], 0, 1) * steps(at["bias"], 0, 1) * steps(at["shuffle"], 0, 1) * halves(at["lr"])
    return np.sqrt(0.24) * together + np.sqrt(0.76) * steps(at["activation"], 0, 1, 2, 1)


def halves(number: np.ndarray) -> np.ndarray:
    """-1 below the middle of a number's range and 1 above."""
    return np.sign(number - 0.5)


def product_of_two(at: Coded) -> np.ndarray:
    """A number and a level that act by their product alone, beside a little of a third factor."""
    return line(at["lr"]) * steps(at["residual"], 0, 1) + 0.3 * steps(at["activation"], 0, 1, 2, 1)


def quadrants(at: Coded) -> np.ndarray:
    """Two numbers that act by which halves of their ranges meet, and a little of a third factor."""
    return 1.5 * halves(at["lr"]) * halves(at["init.gain"]) + 0.236 * steps(at["normalization"], 0, 1, 0)


def nothing(at: Coded) -> np.ndarray:
    return np.zeros_like(at["dummy"])


def unsteady(at: Coded) -> np.ndarray:
    """How widely seeds scatter: three times as much under one norm in three, whose mean is like the others'."""
    return np.where(at["normalization"] == 2, 3.0, 1.0)
