"""The functions that a response is made of: effects of one factor, of two and of three, each of mean 0.

The covariance of a Gaussian process whose paths are sums of such effects: a variance per factor, one smoothness per
number, and one weight for all effects of two factors and for all of three (an additive Gaussian process with orthogonal
parts: Duvenaud et al. 2011, Lu et al. 2022). Most of what factors do they do alone or in pairs, and a covariance that
says so needs fewer trials to see it than one that expects every interaction.
"""

from collections.abc import Collection, Iterable
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


@dataclass(frozen=True)
class Variants:
    """Coded points [point, factor], of which the last are variants of the first: `blocks` times `size` of them.

    Each block is like the first points, one by one, but in a column or a few.
    """

    points: np.ndarray
    size: int
    blocks: int

    @property
    def count(self) -> int:
        """How many points come before the blocks."""
        return len(self.points) - self.size * self.blocks

    def columns(self, begin: int) -> list[int]:
        """In which columns the block that begins at this point differs."""
        return np.flatnonzero((self.points[begin : begin + self.size] != self.points[: self.size]).any(axis=0)).tolist()


CHUNK = 2**15
"""Covariances are made in pieces of 256 KB, some of which stay in a processor's cache."""


class Covariances:
    """The covariance of the responses at some points after others with those at the points b, [i, j].

    Of at most `rows` points at a time. What is returned is overwritten by the next call: a fresh array costs as much as
    what is done with it.
    """

    def __init__(self, b: Functions, strengths: Strengths):
        self.rows = max(1, CHUNK // max(1, len(b[0])))
        self._b, self._strengths, self._awake = b, strengths, strengths.awake
        self._room = np.empty((9, self.rows, len(b[0])))
        self._met: np.ndarray | None = None

    def of(self, a: Functions) -> np.ndarray:
        """Of these points."""
        self._a, self._met, room = a, None, self._room[:, : len(a[0])]
        own = (self._own(column, a[column], room[4]) for column in self._awake)
        self._single, self._pairs, triples = products(own, room[:4])
        self._whole = combined(self._single, self._pairs, triples, self._strengths)
        return self._whole

    def moved(self, a: Functions, columns: Collection[int]) -> np.ndarray:
        """Of the points asked for last, moved to these, in these columns only: for a fifth of the cost."""
        single, whole, orders = self._single, self._whole, self._strengths
        step, own, others, grown, changed, met = self._room[3:, : len(a[0])]
        if self._met is None:
            self._met = np.add(np.multiply(self._pairs, orders.triples, out=met), 1.0, out=met)
        moving = [column for column in self._awake if column in columns]
        for column in moving:
            np.subtract(single, self._own(column, self._a[column], own), out=others)
            # 1 + pairs (all but own) + triples (pairs of all but own)
            np.multiply(own, -orders.triples, out=grown)
            grown += orders.pairs
            grown *= others
            grown += met
            grown *= self._own(column, a[column] - self._a[column], step)
            grown *= orders.scale
            whole = np.add(whole, grown, out=changed)
            if column != moving[-1]:
                single, met = single + step, met + orders.triples * step * others
        return whole

    def _own(self, column: int, a: np.ndarray, out: np.ndarray) -> np.ndarray:
        scale = self._strengths.variance[column] * self._strengths.spectrum[column]
        return np.matmul(a * scale, self._b[column].T, out=out)


def covariance(a: Functions, b: Functions, strengths: Strengths) -> np.ndarray:
    """The covariance [i, j] of the responses at points a and b."""
    found, some = np.empty((len(a[0]), len(b[0]))), Covariances(b, strengths)
    for begin in range(0, len(found), some.rows):
        part = slice(begin, begin + some.rows)
        found[part] = some.of([function[part] for function in a])
    return found


TRIANGLE = 256
"""So many rows at a time of a covariance of points with each other end at its diagonal."""


def lower_covariance(a: Functions, strengths: Strengths) -> np.ndarray:
    """The covariance [i, j] of the responses at these points with each other, right where j is not above i."""
    found = np.zeros((len(a[0]), len(a[0])))
    for begin in range(0, len(found), TRIANGLE):
        rows, before = slice(begin, begin + TRIANGLE), slice(begin + TRIANGLE)
        below, left = ([function[part] for function in a] for part in (rows, before))
        found[rows, before] = covariance(below, left, strengths)
    return found


def products(own: Iterable[np.ndarray], room: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The sums of these, of the products of every two and of every three of them, in this `room` for four arrays."""
    single, pairs, triples, met = room
    room[:3] = 0.0
    for one in own:
        triples += np.multiply(pairs, one, out=met)
        pairs += np.multiply(single, one, out=met)
        single += one
    return single, pairs, triples


def combined(single: np.ndarray, pairs: np.ndarray, triples: np.ndarray, strengths: Strengths) -> np.ndarray:
    """The covariance of effects of one factor, of two and of three. It takes the place of the latter."""
    triples *= strengths.triples
    triples += strengths.pairs * pairs
    triples += single
    triples *= strengths.scale
    return triples


def spectrum_slope(spectrum: np.ndarray, decay: float) -> np.ndarray:
    """How the spectrum of a number changes with the logit of its ratio from degree to degree."""
    degree = np.arange(len(spectrum))
    return np.asarray(spectrum * (degree - spectrum @ degree) / (1.0 + np.exp(decay)))


def _spectrum(decay: float) -> np.ndarray:
    # Falling by the same ratio from degree to degree: small for a straight line, near 1 for anything.
    powers = (1.0 / (1.0 + np.exp(-decay))) ** np.arange(DEGREES)
    return np.asarray(powers / powers.sum())
