"""How far a factor goes hand in hand with what two others do only together: the pure measure, of a design or of trials.

What a factor does then shows in the interaction of the others, and what they do together shows in the factor.
"""

import numpy as np


def contrasts(column: np.ndarray, *, is_number: bool) -> np.ndarray:
    """Orthonormal contrasts [trial, contrast] of a column [trial]: between its levels, or a number's straight line."""
    return _orthonormal(column[:, None] if is_number else (column[:, None] == np.unique(column)[1:]).astype(float))


def interaction(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Orthonormal contrasts of what two factors do only together, from the contrasts of each."""
    products = (one[:, :, None] * other[:, None, :]).reshape(len(one), -1)
    alone = _orthonormal(np.hstack([one, other]))
    return _orthonormal(products - alone @ (alone.T @ products))


def alignment(one: np.ndarray, other: np.ndarray) -> float:
    """How far contrasts go together, from 0 to 1, less what chance gives independent ones; 0 where nothing varies.

    The sum of squared canonical correlations less its mean under permutation, p q / (n - 1), as a share of the most
    that it can be: for two factors with levels Cramer's V, corrected as Bergsma 2013 does.
    """
    least = min(one.shape[1], other.shape[1])
    if not least:
        return 0.0
    chance = one.shape[1] * other.shape[1] / (len(one) - 1)
    return float(np.sqrt(max(((one.T @ other) ** 2).sum() - chance, 0.0) / least))


def _orthonormal(shapes: np.ndarray) -> np.ndarray:
    centred = shapes - shapes.mean(axis=0)
    basis, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    return np.asarray(basis[:, sizes > 1e-9])
