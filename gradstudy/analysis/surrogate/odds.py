"""How likely a member is to come to the end, anywhere in the space: a Gaussian process behind a logistic curve.

Expectation propagation (Minka 2001; Rasmussen & Williams 2006, ch. 3.6), all trials at once: what a trial's seeds say
is replaced by a value and its noise, so that everything that a surrogate can do serves here too. Variational bounds and
Laplace's approximation are simpler and draw the steepness of a sharp edge towards 0 (by a quarter, on planted edges).
"""

from dataclasses import replace

import numpy as np

from gradstudy.analysis.surrogate.effects import Basis
from gradstudy.analysis.surrogate.gaussian_process import CONDITIONED, FITTED, Posterior, Surrogate, some_of
from gradstudy.analysis.surrogate.hyperparameters import Known, NegativeLogPosterior, gains, mode_at

ROUNDS, NEWTON_STEPS = 12, 8
SETTLED = 0.05
"""Rounds of fitting and propagating end when no hyperparameter moves by more than this."""
_PASSES, _DAMPING = 30, 0.7
_LEAST = 1e-4  # precision of what a trial's seeds say
_VAGUEST = 1e-2  # precision of what the others say of it: log odds of +-20 are certainty
_START = np.log(0.1)  # of all log variances
# Even steps: where the others say little, Gauss's nodes are too far apart to see what many seeds say of a trial.
_NODES = np.linspace(-6.0, 6.0, 241)
_LOG_WEIGHTS = -(_NODES**2) / 2.0


def fit_chance(points: np.ndarray, hits: np.ndarray, sizes: np.ndarray, basis: Basis, seed: int) -> Surrogate:
    """The log odds of a member to come to the end, over coded points [trial, factor], as a surrogate.

    `hits` of `sizes` seeds of each trial [trial] came there.
    """
    random = np.random.default_rng(seed)
    some, many = (some_of(len(points), limit, random) for limit in (FITTED, CONDITIONED))
    known = _first(basis, points[some], sizes[some])
    at = NegativeLogPosterior(known).prior_mean.copy()
    at[: points.shape[1]] = _START
    for _ in range(ROUNDS):
        before, known = at, propagate(known, hits[some], sizes[some], at)
        at = NegativeLogPosterior(known).climb(at, NEWTON_STEPS).x
        if np.abs(at - before).max() < SETTLED:
            break
    known = propagate(known, hits[some], sizes[some], at)
    modes, gained = (mode_at(NegativeLogPosterior(known), at),), gains(known, at)
    if len(many) > len(some):
        known = propagate(_first(basis, points[many], sizes[many]), hits[many], sizes[many], at)
    return Surrogate(known, modes, gained)


def propagate(known: Known, hits: np.ndarray, sizes: np.ndarray, at: np.ndarray, still: float = 0.05) -> Known:
    """Values of the log odds, and their noise, that say the same as the seeds do, once they agree with each other."""
    precision, shift = 1.0 / known.noise, known.values / known.noise
    posterior, mean = Posterior(known, at), np.full(len(hits), np.inf)
    for _ in range(_PASSES):
        before, (mean, variance) = mean, posterior.fitted()
        variance = np.maximum(variance, 1e-9)
        rest = np.maximum(1.0 / variance - precision, _VAGUEST)
        centre = (mean / variance - shift) / rest
        told, width = _told(centre, rest, hits, sizes)
        wanted = np.maximum(1.0 / width - rest, _LEAST)
        precision = precision + _DAMPING * (wanted - precision)
        shift = shift + _DAMPING * ((wanted + rest) * told - rest * centre - shift)
        posterior = posterior.given(replace(known, values=shift / precision, noise=1.0 / precision))
        # Trials of which the others say as good as nothing never agree with them: it is enough that nobody moves.
        if np.abs(told - mean).max() < still or np.abs(mean - before).max() < still / 5:
            break
    return posterior.known


def _told(centre: np.ndarray, precision: np.ndarray, hits: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, ...]:
    # Mean and variance [trial] of the log odds: what the other trials say of it, and then its own seeds (quadrature).
    odds = centre[:, None] + _NODES / np.sqrt(precision)[:, None]
    logs = hits[:, None] * odds - sizes[:, None] * np.logaddexp(0.0, odds) + _LOG_WEIGHTS
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    mean = (weights * odds).sum(axis=1)
    return mean, np.maximum((weights * (odds - mean[:, None]) ** 2).sum(axis=1), 1e-6)


def _first(basis: Basis, points: np.ndarray, sizes: np.ndarray) -> Known:
    return Known(basis, points, np.zeros(len(points)), 8.0 / sizes, odds=True)
