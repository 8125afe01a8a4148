"""Points of the space parted by one factor or by two, and the share of a response's variance between the parts."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import scipy

from gradstudy.analysis.space.coordinates import INACTIVE, FactorSpace

FEWEST_POINTS = 64
"""A pair of factors that both live in fewer points than this is left out."""


class Partitions:
    """Random points of a space [point, factor] in cells: levels, and numbers in `bins` equal parts of their range.

    `pairs` are the pairs of factors (columns) that are looked at: unless given, all that meet often enough. All cells
    are rows of one sparse matrix, so that hundreds of sample paths are summed over thousands of cells at once.
    """

    def __init__(self, space: FactorSpace, placed: np.ndarray, bins: int, pairs: list[tuple[int, int]] | None = None):
        lives = space.mask(placed) != INACTIVE
        codes = np.where(space.smooth, np.minimum(placed * bins, bins - 1), placed).astype(int)
        if pairs is None:
            every = combinations(range(lives.shape[1]), 2)
            pairs = [(a, b) for a, b in every if (lives[:, a] & lives[:, b]).sum() >= FEWEST_POINTS]
        self.pairs = pairs
        self._factors = codes.shape[1]
        parts = list(self._parts(lives, codes))
        self._counts = np.concatenate([np.bincount(cells) for _, cells in parts])[:, None]
        self._cells = np.array([cells.max() + 1 for _, cells in parts])
        self._begin = np.append(0, np.cumsum(self._cells)[:-1])
        self._points = np.array([len(points) for points, _ in parts])[:, None]
        rows = np.concatenate([cells + begin for (_, cells), begin in zip(parts, self._begin, strict=True)])
        entries = (np.ones(len(rows)), (rows, np.concatenate([points for points, _ in parts])))
        self._sums = scipy.sparse.csr_array(entries, shape=(len(self._counts), len(placed)))

    def shares(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First-order and second-order shares of values [path, point] -> [path, factor], [path, pair].

        Of the variance where a factor, or both, live; less what finite cells add to it (as in analysis of variance).
        """
        sums, squares = self._sums @ values.T, self._sums @ values.T**2
        mean = self._add(sums) / self._points
        variance = self._add(squares) / self._points - mean**2
        between = self._add(sums**2 / self._counts) / self._points - mean**2
        chance = (self._cells[:, None] - 1) / np.maximum(self._points - self._cells[:, None], 1)
        shares = ((between - chance * (variance - between)) / np.maximum(variance, np.finfo(float).tiny)).T
        together = shares[:, self._factors :].reshape(len(values), -1, 3)
        return shares[:, : self._factors], together[:, :, 0] - together[:, :, 1] - together[:, :, 2]

    def _parts(self, lives: np.ndarray, codes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        # Points and their cells: of every factor, then of every pair, each followed by its two factors in its points.
        for column in range(self._factors):
            yield _part(lives[:, column], codes[:, column])
        for a, b in self.pairs:
            both = lives[:, a] & lives[:, b]
            yield _part(both, codes[:, a] * (codes[:, b].max() + 1) + codes[:, b])
            yield _part(both, codes[:, a])
            yield _part(both, codes[:, b])

    def _add(self, cells: np.ndarray) -> np.ndarray:
        return np.add.reduceat(cells, self._begin, axis=0)


def _part(lives: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    points = np.flatnonzero(lives)
    return points, np.unique(codes[points], return_inverse=True)[1]
