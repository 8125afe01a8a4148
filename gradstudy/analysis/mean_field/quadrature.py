"""Nodes and weights for integrals of activations: smooth functions of z but for kinks, which stand at round numbers.

Every integral is cut into panels at all z where a kink may stand, and each panel has a few Gauss-Legendre nodes: exact
to rounding for curves that are smooth within panels. A kink elsewhere costs up to 1e-2 in the mean of a squared slope.
"""

import numpy as np

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_ROUND = np.union1d(2.0 ** np.arange(-3, 21), np.arange(1.0, 9.0))
KINKS = np.concatenate([-_ROUND[::-1], [0.0], _ROUND])
"""Where phi may have a kink; the powers of two also follow a curve that is steep, or bends slowly, at large scale."""
REACH = 9
"""Where a Gaussian ends: x^2 has 1e-16 of its mean beyond."""


def borders(shift: np.ndarray, scale: np.ndarray, even: np.ndarray) -> np.ndarray:
    """Where must an integral of f(shift + scale x) over x be cut? At `even` [panel + 1], and at kinks between its ends.

    [..., border] in rising order, for shifts and scales [...]. Panels without width are dropped where all rows have
    them.
    """
    tiny = np.finfo(float).tiny
    kinks = (KINKS - np.asarray(shift)[..., None]) / np.maximum(np.asarray(scale), tiny)[..., None]
    inside = np.clip(kinks, even[0], even[-1])
    every = np.concatenate([inside, np.broadcast_to(even, (*inside.shape[:-1], len(even)))], axis=-1)
    ordered = np.sort(every, axis=-1)
    wide = (np.diff(ordered) > 0).any(axis=tuple(range(ordered.ndim - 1)))
    return ordered[..., np.append(True, wide)]


def legendre(cuts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights [..., node] of the integral between the first and the last cut [..., border]."""
    middle, half = (cuts[..., 1:] + cuts[..., :-1]) / 2, (cuts[..., 1:] - cuts[..., :-1]) / 2
    nodes = middle[..., None] + half[..., None] * _NODES
    weights = half[..., None] * _WEIGHTS
    shape = (*cuts.shape[:-1], nodes.shape[-2] * nodes.shape[-1])  # a -1 says nothing where there are no cuts
    return nodes.reshape(shape), weights.reshape(shape)
