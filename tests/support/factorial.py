"""G53 and G54, the full factorial whose answer is known: 144 random networks of width 256, by mean-field theory.

y is in decades of power: twice `gain_init`. Shares are those of a balanced analysis of variance with one value per
cell: of the total sum of squares, what belongs to each factor and to each interaction.
"""

from itertools import chain, combinations, product

import numpy as np
from planted.effects import SLOPES

LEVELS = {
    "depth": (4, 8, 16, 32),
    "activation": ("identity", "relu", "tanh", "sigmoid"),
    "init": ("default", "xavier_normal", "kaiming_normal"),
    "normalization": ("none", "layer", "batch"),
}
CELLS = list(product(*LEVELS.values()))
SHAPE = tuple(len(levels) for levels in LEVELS.values())
SHARES = {
    ("activation",): 0.274,
    ("depth", "activation"): 0.147,
    ("normalization",): 0.123,
    ("activation", "normalization"): 0.105,
    ("depth", "normalization"): 0.081,
    ("depth", "activation", "normalization"): 0.072,
    ("depth",): 0.067,
    ("init", "normalization"): 0.053,
}
PAIRS = {frozenset(factors): share for factors, share in SHARES.items() if len(factors) == 2}
TOTALS = {"activation": 0.601, "normalization": 0.469, "depth": 0.416, "init": 0.130}
CLASSES = [37, 98, 9]
"""How many cells vanish, keep their gradient and explode, by more than two decades."""
DECADES_PER_LAYER = np.moveaxis(SLOPES, 0, 2)
"""At depth 32: [activation, init, normalization]."""


def theory() -> np.ndarray:
    """y of all cells to the digits of the slopes: [depth, activation, init, normalization]."""
    return np.multiply.outer(np.array(LEVELS["depth"]) - 1, DECADES_PER_LAYER)


def decades_per_layer(activation: str, init: str, normalization: str) -> float:
    """At depth 32."""
    named = zip(list(LEVELS.values())[1:], (activation, init, normalization), strict=True)
    return float(DECADES_PER_LAYER[tuple(levels.index(level) for levels, level in named)])


def classes(y: np.ndarray) -> np.ndarray:
    """-1 where the gradient vanishes, 1 where it explodes, by more than two decades of power."""
    return np.where(abs(y) > 2, np.sign(y), 0)


def shares(y: np.ndarray) -> dict[tuple[str, ...], float]:
    """The share of the variance of y over all cells that each set of factors has, by their names."""
    axes = range(y.ndim)
    effects: dict[tuple[int, ...], np.ndarray] = {}
    for some in chain.from_iterable(combinations(axes, size) for size in range(y.ndim + 1)):
        mean = y.mean(tuple(axis for axis in axes if axis not in some), keepdims=True)
        effects[some] = mean - sum(effects[fewer] for fewer in effects if set(fewer) < set(some))
    del effects[()]
    names = tuple(LEVELS)
    return {tuple(names[axis] for axis in some): (effect**2).mean() / y.var() for some, effect in effects.items()}


def totals(y: np.ndarray) -> dict[str, float]:
    """The share of the variance that would be left if all but this factor were fixed, by factor."""
    return {factor: y.var(axis=axis).mean() / y.var() for axis, factor in enumerate(LEVELS)}
