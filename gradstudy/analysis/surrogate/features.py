"""Functions drawn from the prior of the additive Gaussian process, as sums of random effects.

Effects of one factor are drawn exactly. Of those of two and of three factors there are thousands, so that some are
drawn at random, in proportion to their variance (random features: Rahimi & Recht 2007): products of random functions of
one factor each.
"""

from collections.abc import Callable
from itertools import combinations
from math import prod

import numpy as np

from gradstudy.analysis.surrogate.effects import Basis, Functions, Strengths

PRODUCTS = 384


def prior_features(
    basis: Basis, strengths: Strengths, random: np.random.Generator
) -> tuple[int, Callable[[Functions], np.ndarray]]:
    """How many features are there, and their values [point, feature], whose products are the covariance on average?"""
    awake = strengths.awake
    sets = [some for size in (2, 3) for some in combinations(awake, size)]
    weights = np.array([_weight(some, strengths) for some in sets])
    chosen = random.choice(len(sets), size=PRODUCTS, p=weights / weights.sum()) if sets else []
    height = np.sqrt(strengths.scale * weights.sum() / PRODUCTS)
    members = {column: np.flatnonzero([column in sets[one] for one in chosen]) for column in awake}
    mixed = {
        column: np.sqrt(strengths.spectrum[column])[:, None]
        * random.standard_normal((len(strengths.spectrum[column]), len(inside)))
        for column, inside in members.items()
    }

    def features(functions: Functions) -> np.ndarray:
        spread = strengths.scale * strengths.variance
        own = [functions[column] * np.sqrt(spread[column] * strengths.spectrum[column]) for column in awake]
        together = np.full((len(chosen), len(functions[0])), height)
        for column, inside in members.items():
            together[inside] *= mixed[column].T @ functions[column].T
        return np.hstack([*own, together.T])

    return sum(len(strengths.spectrum[column]) for column in awake) + len(chosen), features


def _weight(some: tuple[int, ...], strengths: Strengths) -> float:
    order = strengths.pairs if len(some) == 2 else strengths.triples
    return order * prod(strengths.variance[column] for column in some)
