"""Shares that could be true although the model is not: its own draws, widened by what speaks against it.

A Gaussian process is sure of itself as long as the response is as it expects. Where a few combinations hold most of
the variance, as in deep networks, it is too sure; and an effect of four factors it does not know. Two things of the
trials say so. The shares move when a part of the trials is left out: that scatter (a grouped jackknife: Quenouille
1956; Efron & Stein 1981) is added to the draws' own, on the scale on which squared amplitudes scatter evenly. And what
the model predicts badly beyond the noise of the seeds may be any factor's doing: each draw gives a factor all or none.
"""

import numpy as np


def jackknifed(parted: np.ndarray) -> np.ndarray:
    """The standard error of the angles of these shares [part, ...], each without one part of the trials: [...]"""
    found = _angles(parted)
    return np.asarray(np.sqrt((len(found) - 1) * found.var(axis=0)))


def widened(draws: np.ndarray, parted: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draws [draw, ...] of shares with the scatter of the same shares without a part of the trials [part, ...]."""
    moved = _angles(draws) + jackknifed(parted) * random.standard_normal(draws.shape)
    return np.asarray(np.sin(np.clip(moved, 0.0, np.pi / 2)) ** 2)


def unexplained(missed: np.ndarray, noise: float, count: int, random: np.random.Generator) -> np.ndarray:
    """Draws [draw] of the share of the variance that is neither predicted nor the seeds' noise, as far as it is known.

    `missed` [trial] are `squared_misses`, whose mean scatters as means do.
    """
    scatter = missed.std() / np.sqrt(len(missed))
    return np.asarray(np.clip(missed.mean() - noise + scatter * random.standard_normal(count), 0.0, 1.0))


def shared_out(draws: np.ndarray, unexplained: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Draws [draw, ...] of shares of what is explained, as shares of everything.

    `unexplained` [draw] is what is not, and `taken` [draw, ...] says who gets it: 1 all of it, 0 nothing.
    """
    left = unexplained[:, None]
    return np.asarray((1.0 - left) * draws + left * taken)


def _angles(shares: np.ndarray) -> np.ndarray:
    return np.asarray(np.arcsin(np.sqrt(np.clip(shares, 0.0, 1.0))))
