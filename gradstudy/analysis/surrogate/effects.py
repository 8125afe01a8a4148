"""The functions that a response is made of: effects of one factor, of two and of three, each of mean 0.

The covariance of a Gaussian process whose paths are sums of such effects: a variance per factor, one smoothness per
number, and one weight for all effects of two factors and for all of three (an additive Gaussian process with orthogonal
parts: Duvenaud et al. 2011, Lu et al. 2022). Most of what factors do they do alone or in pairs, and a covariance that
says so needs fewer trials to see it than one that expects every interaction.
"""

from dataclasses import dataclass

import numpy as np
import scipy

from gradstudy.analysis.space.coordinates import INACTIVE

DEGREES = 10
"""A number's effects are Legendre polynomials up to this degree: a bump of a tenth of the range still fits."""
ASLEEP = np.log(1e-6)
"""The log variance of a factor without effects."""

Functions = list[np.ndarray]
"""Per factor the values of its functions, [point, function]; 0 where it does not live."""


@dataclass(frozen=True)
class Basis:
    """Functions of one factor each, orthonormal under the measure of the space: levels and numbers uniform.

    `codes` are the levels that occur, per factor; empty for a number. A factor of one level has no functions.
    """

    codes: tuple[np.ndarray, ...]

    @property
    def numbers(self) -> list[int]:
        """The columns of numbers."""
        return [column for column, codes in enumerate(self.codes) if not len(codes)]

    def __call__(self, points: np.ndarray) -> Functions:
        """Coded points [point, factor]."""
        return [self._of_factor(codes, column) for codes, column in zip(self.codes, points.T, strict=True)]

    def _of_factor(self, codes: np.ndarray, column: np.ndarray) -> np.ndarray:
        lives = column != INACTIVE
        if not len(codes):
            # Less the constant, which belongs to the mean.
            values = np.polynomial.legendre.legvander(2.0 * column - 1.0, DEGREES)[:, 1:]
            return np.where(lives[:, None], values * np.sqrt(2.0 * np.arange(1, DEGREES + 1) + 1.0), 0.0)
        contrasts = np.sqrt(len(codes)) * scipy.linalg.helmert(len(codes))
        return np.where(lives[:, None], contrasts.T[np.searchsorted(codes, np.where(lives, column, codes[0]))], 0.0)


@dataclass(frozen=True)
class Strengths:
    """How large and how smooth effects are, read from a vector of hyperparameters.

    `variance` [factor]; `spectrum` has the share of each function of a factor in that, [function] per factor; `pairs`
    and `triples` weight the products of two and of three variances. `scale` multiplies them all, and `noise` the noise
    variances of the values: the first is 1 for a response, the second for log odds, whose noise is known.
    """

    variance: np.ndarray
    spectrum: tuple[np.ndarray, ...]
    pairs: float
    triples: float
    scale: float
    noise: float

    @staticmethod
    def of(basis: Basis, hyperparameters: np.ndarray, *, odds: bool) -> "Strengths":
        factors = len(basis.codes)
        decay = dict(zip(basis.numbers, hyperparameters[factors:-3], strict=True))
        spectrum = tuple(
            _spectrum(decay[column]) if column in decay else np.full(len(codes) - 1, 1.0 / max(len(codes) - 1, 1))
            for column, codes in enumerate(basis.codes)
        )
        pairs, triples, last = np.exp(hyperparameters[-3:])
        scale, noise = (last, 1.0) if odds else (1.0, last)
        return Strengths(np.exp(hyperparameters[:factors]), spectrum, pairs, triples, scale, noise)

    @property
    def awake(self) -> list[int]:
        """The columns of factors whose effects can be told from none."""
        return np.flatnonzero(self.variance > 2.0 * np.exp(ASLEEP)).tolist()


def covariance(a: Functions, b: Functions, strengths: Strengths) -> np.ndarray:
    """The covariance [i, j] of the responses at points a and b."""
    single, squares, cubes = np.zeros((3, len(a[0]), len(b[0])))
    for column in strengths.awake:
        own = (a[column] * (strengths.variance[column] * strengths.spectrum[column])) @ b[column].T
        single += own
        squared = own * own
        squares += squared
        squared *= own
        cubes += squared
    return combined(single, *products(single, squares, cubes), strengths)


def products(single: np.ndarray, squares: np.ndarray, cubes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sums over all pairs and over all triples, from the sums of what is multiplied, its squares and its cubes.

    Newton's identities. Written as products: NumPy takes 50 times as long for a third power.
    """
    whole = single * single
    pairs = (whole - squares) / 2.0
    whole -= 3.0 * squares
    whole *= single
    whole += 2.0 * cubes
    whole /= 6.0
    return pairs, whole


def combined(single: np.ndarray, pairs: np.ndarray, triples: np.ndarray, strengths: Strengths) -> np.ndarray:
    """The covariance of effects of one factor, of two and of three."""
    return strengths.scale * (single + strengths.pairs * pairs + strengths.triples * triples)


def spectrum_slope(spectrum: np.ndarray, decay: float) -> np.ndarray:
    """How the spectrum of a number changes with the logit of its ratio from degree to degree."""
    degree = np.arange(len(spectrum))
    return np.asarray(spectrum * (degree - spectrum @ degree) / (1.0 + np.exp(decay)))


def _spectrum(decay: float) -> np.ndarray:
    # Falling by the same ratio from degree to degree: small for a straight line, near 1 for anything.
    powers = (1.0 / (1.0 + np.exp(-decay))) ** np.arange(DEGREES)
    return np.asarray(powers / powers.sum())
