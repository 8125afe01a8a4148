"""How far a factor goes hand in hand with another, or with what two others do only together: the pure measure.

What a factor does then shows in the others, and what they do shows in the factor. It knows columns only, those of a
design as well as those of stored trials.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np


@dataclass(frozen=True)
class Tie:
    """How far two sets of contrasts go together over so many `trials`: as many contrasts as `sizes` says.

    `shared` is the sum of their squared canonical correlations. For two factors with levels times `trials` it is
    Pearson's chi-square, and for any it is distributed like that where the two are independent.
    """

    shared: float
    sizes: tuple[int, int]
    trials: int

    @property
    def freedom(self) -> int:
        """The degrees of freedom of that chi-square."""
        return self.sizes[0] * self.sizes[1]

    @property
    def strength(self) -> float:
        """From 0 to 1, less what chance gives independent ones; 0 where nothing varies.

        `shared` less its mean under permutation, p q / (n - 1), as a share of the most that it can be: for two factors
        with levels Cramer's V, corrected as Bergsma 2013 does.
        """
        least = min(self.sizes)
        return float(np.sqrt(max(self.shared - self.freedom / (self.trials - 1), 0.0) / least)) if least else 0.0


def tie(one: np.ndarray, other: np.ndarray) -> Tie:
    """How far orthonormal contrasts [trial, contrast] go together."""
    return Tie(float(((one.T @ other) ** 2).sum()), (one.shape[1], other.shape[1]), len(one))


def contrasts(column: np.ndarray, *, is_number: bool) -> np.ndarray:
    """Orthonormal contrasts [trial, contrast] of a column [trial]: between its levels, or a number's straight line."""
    return _orthonormal(column[:, None] if is_number else (column[:, None] == np.unique(column)[1:]).astype(float))


def interaction(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Orthonormal contrasts of what two factors do only together, from the contrasts of each."""
    products = (one[:, :, None] * other[:, None, :]).reshape(len(one), one.shape[1] * other.shape[1])
    alone = _orthonormal(np.hstack([one, other]))
    return _orthonormal(products - alone @ (alone.T @ products))


def ties_to_two(
    columns: np.ndarray, lives: np.ndarray, are_numbers: Sequence[bool]
) -> Iterator[tuple[tuple[int, int, int], Tie]]:
    """Of every factor and every two others (factor, other, other): its tie to what these do only together.

    Of `columns` [trial, factor], in the trials in which all three live; `lives` has the same shape. What three factors
    need is shared by all that live in the same trials: a tenth of a second for 14 factors and 512 trials.
    """
    shapes: dict[tuple[int, bytes], np.ndarray] = {}
    together: dict[tuple[int, int, bytes], np.ndarray] = {}
    for three in combinations(range(columns.shape[1]), 3):
        rows = lives[:, three].all(axis=1)
        where = rows.tobytes()
        for which in three:
            if (which, where) not in shapes:
                shapes[which, where] = contrasts(columns[rows, which], is_number=are_numbers[which])
        for which in three:
            one, other = (another for another in three if another != which)
            if (one, other, where) not in together:
                together[one, other, where] = interaction(shapes[one, where], shapes[other, where])
            yield (which, one, other), tie(shapes[which, where], together[one, other, where])


def _orthonormal(shapes: np.ndarray) -> np.ndarray:
    if not shapes.size:
        return np.empty((len(shapes), 0))
    centred = shapes - shapes.mean(axis=0)
    basis, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    return np.asarray(basis[:, sizes > 1e-9])
