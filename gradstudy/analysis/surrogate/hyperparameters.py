"""The effects and the noise that trials support, and whether a factor matters at all.

The log posterior of the hyperparameters of the additive Gaussian process, its modes and its shape around them
(Laplace). The mean is integrated out under a flat prior (O'Hagan 1978). Source: Rasmussen & Williams 2006, ch. 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy

from gradstudy.analysis.space.coordinates import INACTIVE
from gradstudy.analysis.surrogate.effects import ASLEEP, Basis, Functions, Strengths, combined, products, spectrum_slope

JITTER = 1e-8

BLOCK_ROWS = 128
"""Of a covariance, at a time: fewer cost more in calls than they save."""

_VARIANCE_MEAN, _VARIANCE_SD = np.log(0.05), 1.5  # of its logarithm, for values of variance 1: small until shown
_SCALE_MEAN, _SCALE_SD = np.log(20.0), 1.5  # of the log scale of log odds, whose variance is not known
_DECAY_MEAN, _DECAY_SD = -0.5, 1.0  # of the logit of the ratio from degree to degree
_ORDER_MEAN, _ORDER_SD = 0.0, 1.0  # of the log weight of pairs, and of triples
_NOISE_MEAN, _NOISE_SD = np.log(0.1), 2.0  # of the log noise variance, where nothing is known of it
_REPLICATED_SD = 0.7  # where seeds say what the noise is: what the factors leave open is hardly more than that
_VARIANCE_BOUNDS, _DECAY_BOUNDS = (ASLEEP, np.log(20.0)), (-6.0, 4.0)
_ORDER_BOUNDS, _NOISE_BOUNDS = (np.log(1e-3), np.log(30.0)), (np.log(1e-6), np.log(1e3))

DEALS, DEALT = 39, (0.01, 0.06, 0.3)
"""Deals, and the variances that are tried in each."""
STARTS = ((0.05, 1.0), (0.3, 0.2))
"""All variances, and the noise against what is expected of it: from little, and from far too much. Planted truths had
one mode each, whatever the start."""
_MOST_STEPS = 60
_NEAR, _FAR = 0.05, 8.0  # log posterior: a mode as high as another is the same; one so much lower does not count


@dataclass(frozen=True)
class Known:
    """What is known of a response: coded points, values and noise variances of some trials.

    `noise` is relative, and its scale a hyperparameter that replicates lead one to expect at `expected`; of log odds
    (`odds`) it is absolute.
    """

    basis: Basis
    points: np.ndarray  # [trial, factor]
    values: np.ndarray  # [trial]
    noise: np.ndarray  # [trial]
    expected: float | None = None
    odds: bool = False

    @cached_property
    def functions(self) -> Functions:
        """Those of the basis at the points, which every draw of hyperparameters asks for."""
        return self.basis(self.points)

    def among(self, trials: np.ndarray) -> "Known":
        return replace(self, points=self.points[trials], values=self.values[trials], noise=self.noise[trials])


@dataclass(frozen=True)
class Mode:
    """A most probable place: hyperparameters as `Strengths` reads them, in `at`.

    `spread` times a standard normal vector is a draw around it; `height` is the log of what it contains.
    """

    at: np.ndarray
    spread: np.ndarray
    height: float
    bounds: np.ndarray

    def draw(self, random: np.random.Generator) -> np.ndarray:
        low, high = self.bounds.T
        return np.clip(self.at + self.spread @ random.standard_normal(len(self.at)), low, high)


class NegativeLogPosterior:
    """How improbable hyperparameters are, given these trials: minus the log posterior, and its gradient."""

    def __init__(self, known: Known):
        self.known, basis = known, known.basis
        factors, numbers = len(basis.codes), len(basis.numbers)
        noise = (_SCALE_MEAN, _SCALE_SD) if known.odds else (_NOISE_MEAN, _NOISE_SD)
        if known.expected is not None:
            noise = (np.log(known.expected), _REPLICATED_SD)
        decay, order = [(_DECAY_MEAN, _DECAY_SD)] * numbers, [(_ORDER_MEAN, _ORDER_SD)] * 2
        priors = [(_VARIANCE_MEAN, _VARIANCE_SD)] * factors + decay + order + [noise]
        self.prior_mean, self.prior_sd = np.array(priors).T
        bounds: list[tuple[float, float]] = (
            [_VARIANCE_BOUNDS] * factors + [_DECAY_BOUNDS] * numbers + [_ORDER_BOUNDS] * 2 + [_NOISE_BOUNDS]
        )
        self.bounds = np.array(bounds)
        # Matrices are symmetric, so rows are taken up to the diagonal alone; and so few at a time that what is made of
        # them stays in the cache: a pass over all of them would cost the processor more than what is done in it.
        size = len(known.values)
        self._blocks = [
            _Block(known.functions, basis, begin, min(begin + BLOCK_ROWS, size)) for begin in range(0, size, BLOCK_ROWS)
        ]
        self._room = np.empty((4, min(BLOCK_ROWS, size) * size))
        self._whole = np.zeros((size, size))

    def __call__(self, hyperparameters: np.ndarray) -> tuple[float, np.ndarray]:
        value, strengths, inverse, ones, residual = self._solved(hyperparameters)
        slopes = np.zeros(len(hyperparameters))
        for block in self._blocks:
            rows, before = block.rows, slice(block.rows.stop)
            sensitivity = inverse[rows, before] - ones[rows, None] * ones[before]
            sensitivity -= residual[rows, None] * residual[before]
            slopes += block.slopes(hyperparameters, strengths, sensitivity, self._room, self.known)
        return value, slopes / 2 + self._away(hyperparameters) / self.prior_sd

    def value(self, hyperparameters: np.ndarray) -> float:
        """The same without its gradient, for three fifths of the cost."""
        return self._solved(hyperparameters)[0]

    def _away(self, hyperparameters: np.ndarray) -> np.ndarray:
        return np.asarray((hyperparameters - self.prior_mean) / self.prior_sd)

    def _solved(self, hyperparameters: np.ndarray) -> tuple[float, Strengths, np.ndarray, np.ndarray, np.ndarray]:
        # The value, and what its gradient is made of: the inverse covariance, and what the constant takes out of it.
        known, away = self.known, self._away(hyperparameters)
        strengths = Strengths.of(known.basis, hyperparameters, odds=known.odds)
        for block in self._blocks:
            block.fill(strengths, self._whole)
        inverse, half_logdet = _inverse(self._whole, strengths.noise * known.noise)
        ones = scipy.linalg.blas.dsymv(1.0, inverse.T, np.ones(len(known.values)))
        # The precision with the constant projected out (REML), d/dC of the negative log likelihood being half of
        # precision - residual residual'.
        residual = scipy.linalg.blas.dsymv(1.0, inverse.T, known.values)
        residual -= ones * (residual.sum() / ones.sum())
        half_logdet += np.log(ones.sum()) / 2
        ones /= np.sqrt(ones.sum())
        improbable = half_logdet + known.values @ residual / 2
        return improbable + away @ away / 2, strengths, inverse, ones, residual

    def climb(
        self, start: np.ndarray, steps: int = _MOST_STEPS, asleep: int | None = None
    ) -> "scipy.optimize.OptimizeResult":
        """The mode that is reached from here, with one factor without effects where `asleep` names it."""
        bounds = self.bounds.copy()
        if asleep is not None:
            bounds[asleep], start = ASLEEP, np.where(np.arange(len(start)) == asleep, ASLEEP, start)
        begin, within = np.clip(start, *bounds.T), scipy.optimize.Bounds(*bounds.T)
        return scipy.optimize.minimize(
            self, begin, jac=True, method="L-BFGS-B", bounds=within, options={"maxiter": steps, "ftol": 1e-7}
        )


class _Block:
    """The covariances of some `rows` of the known points with all up to the last of these, and what they are made of.

    All [row, point]: each factor's own, their sums, and the sums of their products in pairs and in triples.
    """

    def __init__(self, functions: Functions, basis: Basis, begin: int, end: int):
        self.rows = slice(begin, end)
        self._left, self._right = [f[begin:end] for f in functions], [f[:end] for f in functions]
        self._numbers = {column: len(functions) + place for place, column in enumerate(basis.numbers)}
        self._levels: dict[int, np.ndarray] = {
            column: left @ right.T / max(left.shape[1], 1)
            for column, (left, right) in enumerate(zip(self._left, self._right, strict=True))
            if column not in self._numbers
        }
        self._own = np.empty((len(functions), end - begin, end))
        self._sums = np.empty((4, end - begin, end))

    def fill(self, strengths: Strengths, whole: np.ndarray) -> None:
        """Writes its rows of the `whole` covariance, up to the last of its points."""
        for column, (left, right) in enumerate(zip(self._left, self._right, strict=True)):
            if column in self._levels:
                np.multiply(self._levels[column], strengths.variance[column], out=self._own[column])
            else:
                scaled = left * (strengths.variance[column] * strengths.spectrum[column])
                np.matmul(scaled, right.T, out=self._own[column])
        single, pairs, triples = products(self._own, self._sums)
        self._sums[3] = triples
        whole[self.rows, : self.rows.stop] = combined(single, pairs, self._sums[3], strengths)

    def slopes(
        self, hyperparameters: np.ndarray, strengths: Strengths, sensitivity: np.ndarray, room: np.ndarray, known: Known
    ) -> np.ndarray:
        """What these rows and the columns of the same points add to twice the slope of the negative log likelihood.

        `sensitivity` is right where its column is not beyond its row, and is overwritten.
        """
        begin, slopes = self.rows.start, np.zeros(len(hyperparameters))
        noisier = strengths.noise * (known.noise[self.rows] @ np.diag(sensitivity[:, begin:]))
        lower = np.tril(sensitivity[:, begin:])
        sensitivity[:, begin:] = lower + np.tril(lower, -1).T
        sensitivity[:, :begin] *= 2.0  # the same stand above the diagonal
        single, pairs, triples, whole = self._sums
        slopes[-3] = strengths.pairs * np.vdot(sensitivity, pairs)
        slopes[-2] = strengths.triples * np.vdot(sensitivity, triples)
        # How the covariance grows with a factor's own: by 1, and by what it meets in pairs and triples. What that would
        # be with all factors, and how much less it is for being one of them.
        every, less, of_triples, grown = room[:, : sensitivity.size].reshape(4, *sensitivity.shape)
        np.multiply(sensitivity, strengths.triples, out=of_triples)
        np.multiply(single, of_triples, out=less)
        np.multiply(pairs, of_triples, out=every)
        every += sensitivity
        np.multiply(sensitivity, strengths.pairs, out=grown)
        less += grown
        grown *= single
        every += grown
        for column, own in enumerate(self._own):
            np.multiply(own, of_triples, out=grown)
            np.subtract(less, grown, out=grown)
            grown *= own
            np.subtract(every, grown, out=grown)
            if column in self._numbers:
                place, spectrum = self._numbers[column], strengths.spectrum[column]
                degrees = strengths.variance[column] * ((grown @ self._right[column]) * self._left[column]).sum(axis=0)
                slopes[column] = degrees @ spectrum
                slopes[place] = degrees @ spectrum_slope(spectrum, hyperparameters[place])
            else:
                slopes[column] = np.vdot(grown, own)
        slopes *= strengths.scale
        slopes[-1] = np.vdot(sensitivity, whole) if known.odds else noisier
        return slopes


def find_modes(known: Known, tried: Sequence[tuple[float, float]] = STARTS) -> list[Mode]:
    """Where hyperparameters are probable: the highest place first, and those beside it that are not far below."""
    objective, factors = NegativeLogPosterior(known), len(known.basis.codes)
    starts: list[np.ndarray] = []
    for variance, noise in tried:
        start = objective.prior_mean.copy()
        start[:factors], start[-1] = np.log(variance), start[-1] + np.log(noise)
        starts.append(start)
    kept: list[scipy.optimize.OptimizeResult] = []
    for one in sorted(map(objective.climb, starts), key=lambda result: result.fun):
        if not kept or (one.fun > kept[-1].fun + _NEAR and one.fun < kept[0].fun + _FAR):
            kept.append(one)
    return [mode_at(objective, one.x) for one in kept]


def mode_at(objective: NegativeLogPosterior, at: np.ndarray, step: float = 1e-3) -> Mode:
    """The shape of the posterior around a mode. Laplace: no direction is less curved than its prior."""
    shifts = step * np.eye(len(at))
    curvature = np.array([objective(at + shift)[1] - objective(at - shift)[1] for shift in shifts]) / (2 * step)
    scaled = objective.prior_sd[:, None] * (curvature + curvature.T) / 2 * objective.prior_sd
    eigenvalues, vectors = np.linalg.eigh(scaled)
    eigenvalues = np.maximum(eigenvalues, 1.0)
    spread = objective.prior_sd[:, None] * vectors / np.sqrt(eigenvalues)
    height = float(-objective.value(at) - np.log(eigenvalues).sum() / 2)
    return Mode(at, spread, height, objective.bounds)


def gains(known: Known, at: np.ndarray, steps: int = 12) -> np.ndarray:
    """How much more probable the trials become by each factor's effects: twice the log ratio [factor].

    The posterior with the factor put to sleep and everything else adapted to that, against the mode `at`: far above 0
    for a cause, also for one that only acts together with others; about 0 or below for what does nothing.
    """
    objective = NegativeLogPosterior(known)
    best = objective.value(at)
    found = np.empty(len(known.basis.codes))
    for factor in range(len(found)):
        asleep = np.where(np.arange(len(at)) == factor, ASLEEP, at)
        priors = _prior(objective, at[factor], factor) - _prior(objective, ASLEEP, factor)
        found[factor] = 2 * (objective.value(asleep) - best) + priors
        if found[factor] > 0.0:  # adapting to its sleep can only make it less
            found[factor] = 2 * (objective.climb(asleep, steps, asleep=factor).fun - best) + priors
    return found


def as_much_by_chance(known: Known, at: np.ndarray, factor: int, random: np.random.Generator) -> float:
    """How often a factor seems to matter as much when its levels are dealt anew among the trials where it lives.

    A p-value that holds where likelihood ratios do not: where a dozen trials in a hundred have all of the response,
    some factor explains them well. One in `DEALS` + 1 at least. Everything else is adapted to the factor's sleep, but
    that the other factors stay as strong as in the mode `at`: what acts only together with this one would sleep too.
    """
    others, factors = NegativeLogPosterior(known).climb(at, asleep=factor).x, len(known.basis.codes)
    others[:factors] = np.maximum(others[:factors], at[:factors])
    if factor in known.basis.numbers:
        place = factors + known.basis.numbers.index(factor)
        others[place] = at[place]
    lives = np.flatnonzero(known.points[:, factor] != INACTIVE)
    points, better = known.points.copy(), 0
    seen = _most_probable(known, others, factor)
    for _ in range(DEALS):
        points[lives, factor] = random.permutation(known.points[lives, factor])
        better += _most_probable(replace(known, points=points), others, factor) >= seen
    return (1 + better) / (1 + DEALS)


def _most_probable(known: Known, others: np.ndarray, factor: int) -> float:
    # Over some strengths of the factor's effects.
    objective, tried, heights = NegativeLogPosterior(known), others.copy(), []
    for variance in DEALT:
        tried[factor] = np.log(variance)
        heights.append(-objective.value(tried) + _prior(objective, tried[factor], factor) / 2)
    return max(heights)


def _prior(objective: NegativeLogPosterior, value: float, factor: int) -> float:
    return float(((value - objective.prior_mean[factor]) / objective.prior_sd[factor]) ** 2)


def _inverse(covariance: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, float]:
    # The inverse of the covariance with noise, right on and below the diagonal, and half the log determinant.
    noisy = covariance.copy()
    noisy[np.diag_indices_from(noisy)] += noise + JITTER * np.trace(covariance) / len(covariance)
    # A lower triangle is the upper one of the transposed matrix, which LAPACK takes as it lies in memory.
    factor, _ = scipy.linalg.cho_factor(noisy.T, overwrite_a=True, check_finite=False)
    half_logdet = float(np.log(np.diag(factor)).sum())
    return scipy.linalg.lapack.dpotri(factor, overwrite_c=1)[0].T, half_logdet
