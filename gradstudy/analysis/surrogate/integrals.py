"""The effects of a surrogate's posterior mean, by algebra: where all factors live everywhere.

Its effects of one, two and three factors are sums of orthonormal functions and their products, so that a variance is a
sum of squared coefficients.
"""

from itertools import combinations

import numpy as np

from gradstudy.analysis.surrogate.gaussian_process import Posterior


def mean_effects(posterior: Posterior) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What are each factor's total and own effect, and the variance they are a part of? Three times [factor]."""
    strengths, known = posterior.strengths, posterior.known
    functions = known.basis(known.points)
    scaled = [f * v * s for f, v, s in zip(functions, strengths.variance, strengths.spectrum, strict=True)]
    total, first = np.zeros((2, len(functions)))
    everything = 0.0
    orders = strengths.scale * np.array([1.0, strengths.pairs, strengths.triples])
    for size, weight in enumerate(orders, start=1):
        for some in combinations(strengths.awake, size):
            variance = weight**2 * _squares([scaled[column] for column in some], posterior.weights)
            total[list(some)] += variance
            everything += variance
            if size == 1:
                first[some[0]] = variance
    return total, first, np.full(len(functions), everything)


def _squares(functions: list[np.ndarray], weights: np.ndarray) -> float:
    # The squared coefficients of all products of one function of each factor, summed over the trials.
    *others, last = functions
    product = weights[:, None]
    for function in others:
        product = (product[:, :, None] * function[:, None, :]).reshape(len(weights), -1)
    return float(((product.T @ last) ** 2).sum())
