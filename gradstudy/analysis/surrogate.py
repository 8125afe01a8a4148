"""A Gaussian process over the trials of a study, with its hyperparameters' uncertainty, and sample paths from it.

Source: Rasmussen & Williams 2006, ch. 2 and 5; the mean and the signal variance are integrated out under flat and
Jeffreys priors (O'Hagan 1978), so that only relevances and the noise-to-signal ratio are searched for.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize

from gradstudy.analysis.kernel import correlation, log_slopes

FITTED = 400
"""Hyperparameters are fitted on at most this many trials, drawn at random: one evaluation costs n^3."""
CONDITIONED = 1000
"""Predictions are conditioned on at most this many trials, drawn at random: 32 factorisations of n^3 each."""

_PRIOR_MEAN, _PRIOR_SD = np.log(0.2), 1.5  # of log relevance: no influence until the data say otherwise
_NOISE_MEAN, _NOISE_SD = np.log(0.1), 2.0  # of log noise-to-signal variance
_RELEVANCE_BOUNDS = (np.log(1e-4), np.log(20.0))
_NOISE_BOUNDS = (np.log(1e-6), np.log(1e2))
_STARTS = (-1.5, 0.0)  # log relevances, beside the prior's mean
_JITTER = 1e-9


@dataclass(frozen=True)
class Surrogate:
    """What is known of a response over the space? Kernel columns and standardised values of the trials it knows.

    `mode` is the most probable log relevance of each column and log noise ratio; `spread` times a standard normal
    vector is a draw around it; `fit` is the closed-form leave-one-out Q2 (the hyperparameters are not fitted anew).
    """

    points: np.ndarray  # [trial, column]
    values: np.ndarray  # [trial]
    smooth: np.ndarray  # [column]
    mode: np.ndarray  # [column + 1]
    spread: np.ndarray  # [column + 1, column + 1]
    fit: float

    def draw(self, random: np.random.Generator) -> np.ndarray:
        """Hyperparameters that the data allow, from Laplace's approximation to their posterior."""
        return np.clip(self.mode + self.spread @ random.standard_normal(len(self.mode)), *_bounds(len(self.mode)).T)

    def condition(self, hyperparameters: np.ndarray) -> "Posterior":
        return Posterior(self, hyperparameters)


class Posterior:
    """What are the response's values at new points, given hyperparameters? A mean and joint sample paths.

    The mean is a constant plus `weights` [trial] times the kernel (`relevance`, `smooth`) towards the `known` points.
    """

    def __init__(self, surrogate: Surrogate, hyperparameters: np.ndarray):
        self.known, self.smooth = surrogate.points, surrogate.smooth
        self.relevance = np.exp(hyperparameters[:-1])
        covariance = correlation(self.known, self.known, self.relevance, self.smooth)
        covariance[np.diag_indices_from(covariance)] += np.exp(hyperparameters[-1])
        self._factor = cho_factor(covariance, lower=True)
        ones = np.ones(len(self.known))
        self._ones = cho_solve(self._factor, ones)
        solved = cho_solve(self._factor, surrogate.values)
        self._level = solved.sum() / self._ones.sum()
        self.weights = solved - self._level * self._ones
        self._squares = float(surrogate.values @ self.weights)

    def mean(self, points: np.ndarray) -> np.ndarray:
        """The most probable values at kernel points [point, column] -> [point]"""
        return self._level + self._cross(points) @ self.weights

    def paths(self, points: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
        """Values at these points that could all be true together -> [path, point]"""
        cross = self._cross(points)
        reduced = solve_triangular(self._factor[0], cross.T, lower=True)
        leftover = (1.0 - cross @ self._ones) / np.sqrt(self._ones.sum())
        covariance = correlation(points, points, self.relevance, self.smooth)
        covariance += np.outer(leftover, leftover) - reduced.T @ reduced
        root = _root(covariance)
        variance = self._squares / random.chisquare(len(self.known) - 1, size=(count, 1))
        mean = self._level + cross @ self.weights
        return mean + np.sqrt(variance) * (random.standard_normal((count, len(points))) @ root.T)

    def _cross(self, points: np.ndarray) -> np.ndarray:
        return correlation(points, self.known, self.relevance, self.smooth)


def fit_surrogate(points: np.ndarray, values: np.ndarray, smooth: np.ndarray, seed: int) -> Surrogate:
    """Which Gaussian process do these trials support? Kernel points [trial, column], values [trial] (not constant).

    Hyperparameters maximise the posterior (mild log-normal priors) from three starts.
    """
    random = np.random.default_rng(seed)
    values = (values - values.mean()) / values.std()
    some = _some(len(values), FITTED, random)
    objective = Objective(points[some], values[some], smooth)
    mode = _search(objective, points.shape[1])
    known = _some(len(values), CONDITIONED, random)
    points, values = points[known], values[known]
    fit = _leave_one_out(points, values, smooth, mode)
    return Surrogate(points, values, smooth, mode, _spread(objective, mode), fit)


class Objective:
    """How improbable are hyperparameters, given these trials? Minus the log posterior, and its gradient."""

    def __init__(self, points: np.ndarray, values: np.ndarray, smooth: np.ndarray):
        self.points, self.values, self.smooth = points, values, smooth
        self.prior_mean = np.append(np.full(points.shape[1], _PRIOR_MEAN), _NOISE_MEAN)
        self.prior_sd = np.append(np.full(points.shape[1], _PRIOR_SD), _NOISE_SD)

    def __call__(self, hyperparameters: np.ndarray) -> tuple[float, np.ndarray]:
        relevance, noise = np.exp(hyperparameters[:-1]), np.exp(hyperparameters[-1])
        kernel = correlation(self.points, self.points, relevance, self.smooth)
        precision, half_logdet = _contrast_precision(kernel, noise)
        residual = precision @ self.values
        # The jitter keeps a subset finite whose values happen to be all the same (one rare event in 1000 trials).
        squares = self.values @ residual + _JITTER
        freedom = len(self.values) - 1
        # d/dC of the negative log likelihood is half of this matrix.
        sensitivity = precision - freedom / squares * np.outer(residual, residual)
        slopes = np.tensordot(log_slopes(self.points, relevance, self.smooth), sensitivity * kernel)
        slopes = 0.5 * np.append(slopes, noise * np.trace(sensitivity))
        away = (hyperparameters - self.prior_mean) / self.prior_sd
        return half_logdet + freedom / 2 * np.log(squares) + away @ away / 2, slopes + away / self.prior_sd


def _contrast_precision(kernel: np.ndarray, noise: float) -> tuple[np.ndarray, float]:
    # The inverse covariance with the constant projected out (REML), and half the log determinants that go with it.
    factor = cho_factor(kernel + (noise + _JITTER) * np.eye(len(kernel)), lower=True)
    inverse = cho_solve(factor, np.eye(len(kernel)))
    ones = inverse.sum(axis=1)
    half_logdet = np.log(np.diag(factor[0])).sum() + np.log(ones.sum()) / 2
    return inverse - np.outer(ones, ones) / ones.sum(), float(half_logdet)


def _search(objective: Objective, column_count: int) -> np.ndarray:
    bounds = _bounds(column_count + 1)
    starts = [objective.prior_mean, *(np.append(np.full(column_count, start), -3.0) for start in _STARTS)]
    how = {"jac": True, "method": "L-BFGS-B", "bounds": bounds, "options": {"maxiter": 60, "ftol": 1e-7}}
    found = [minimize(objective, start, **how) for start in starts]
    return min(found, key=lambda result: result.fun).x


def _spread(objective: Objective, mode: np.ndarray, step: float = 1e-3) -> np.ndarray:
    # Laplace: the inverse square root of the curvature at the mode. No direction is less curved than its prior.
    shifts = step * np.eye(len(mode))
    curvature = np.array([objective(mode + shift)[1] - objective(mode - shift)[1] for shift in shifts]) / (2 * step)
    scaled = objective.prior_sd[:, None] * (curvature + curvature.T) / 2 * objective.prior_sd
    eigenvalues, vectors = np.linalg.eigh(scaled)
    return objective.prior_sd[:, None] * vectors / np.sqrt(np.maximum(eigenvalues, 1.0))


def _leave_one_out(points: np.ndarray, values: np.ndarray, smooth: np.ndarray, mode: np.ndarray) -> float:
    precision, _ = _contrast_precision(correlation(points, points, np.exp(mode[:-1]), smooth), np.exp(mode[-1]))
    errors = precision @ values / np.diag(precision)
    left_out_means = (values - values.mean()) * len(values) / (len(values) - 1)
    return float(1.0 - (errors @ errors) / (left_out_means @ left_out_means))


def _bounds(size: int) -> np.ndarray:
    return np.array([_RELEVANCE_BOUNDS] * (size - 1) + [_NOISE_BOUNDS])


def _some(size: int, limit: int, random: np.random.Generator) -> np.ndarray:
    return np.sort(random.choice(size, limit, replace=False)) if size > limit else np.arange(size)


def _root(covariance: np.ndarray) -> np.ndarray:
    # Points that coincide in every column that matters make the covariance singular: raise the jitter until it is not.
    for jitter in (_JITTER, 1e-8, 1e-7, 1e-6):
        try:
            return np.linalg.cholesky(covariance + jitter * np.eye(len(covariance)))
        except np.linalg.LinAlgError:
            continue
    return np.linalg.cholesky(covariance + 1e-4 * np.eye(len(covariance)))
