"""The design of a screen: which levels does each trial get?

Randomised assignment is what licenses the word cause, so levels come from a scrambled low-discrepancy sequence (Sobol;
Owen 1998) and not from what earlier trials showed. Every column is ranked anew inside its block, so that levels are
balanced to within one and numbers fall one into each of n equal strata (a Latin hypercube).
"""

from collections.abc import Sequence
from itertools import accumulate
from math import floor, log10

import numpy as np
from scipy.stats import qmc

from gradstudy.records import Factor, Level

DIGITS = 6
"""Significant digits of a number: short enough to read in an override, fine enough for every stratum."""


def design(factors: Sequence[Factor], blocks: Sequence[int], seed: int) -> list[dict[str, Level]]:
    """Which level does every factor take in every trial? One row per trial, one value per factor, active or not.

    `blocks` are how many trials successive launches added, such as `[128]`, or `[32, 96]` for a study that was
    extended: another block changes no row before it. A pure function of its arguments.
    """
    if not blocks:
        return []
    points = _sobol(sum(blocks), len(factors), seed)
    factors = [_shuffled(factor, position, seed) for position, factor in enumerate(factors)]
    rows = []
    for block, (end, size) in enumerate(zip(accumulate(blocks), blocks, strict=True)):
        rows += _block(factors, points[end - size : end], _generator("inside strata", block, seed))
    return rows


def _sobol(count: int, dimensions: int, seed: int) -> np.ndarray:
    """[trial, factor] in [0, 1). Drawn up to a power of two, where the sequence is balanced; its beginning stays."""
    sequence = qmc.Sobol(dimensions, rng=_generator("scramble", 0, seed))
    return sequence.random_base2((count - 1).bit_length())[:count]


def _shuffled(factor: Factor, position: int, seed: int) -> Factor:
    """The factor with its levels in random order: neighbours in the study's file are not neighbours in the sequence."""
    order = _generator("order of levels", position, seed).permutation(len(factor.levels))
    return Factor(**{**vars(factor), "levels": tuple(factor.levels[index] for index in order)})


def _block(factors: Sequence[Factor], points: np.ndarray, generator: np.random.Generator) -> list[dict[str, Level]]:
    ranks = points.argsort(axis=0).argsort(axis=0)
    columns = [_column(factor, ranks[:, position], generator) for position, factor in enumerate(factors)]
    names = [factor.name for factor in factors]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _column(factor: Factor, ranks: np.ndarray, generator: np.random.Generator) -> list[Level]:
    """The values of one factor in a block, from the ranks 0..n-1 of its trials."""
    if factor.is_number:
        shares = (ranks + generator.random(len(ranks))) / len(ranks)
        return [_number(factor, share) for share in shares]
    # One offset for all trials (systematic sampling): every level gets floor or ceil of n / levels of them, and which
    # levels get one more is random.
    cells = (ranks + generator.random()) / len(ranks) * len(factor.levels)
    return [factor.levels[min(int(cell), len(factor.levels) - 1)] for cell in cells]


def _number(factor: Factor, share: float) -> float | int:
    """Where in the range lies this share, 0..1, of it? A whole number n owns the piece [n, n + 1)."""
    low, high = factor.low, factor.high + factor.integer
    value = np.exp(np.log(low) + share * np.log(high / low)) if factor.log else low + share * (high - low)
    if factor.integer:
        return int(min(max(floor(value), low), factor.high))
    return min(max(float(f"{value:.{_digits(factor)}g}"), low), high)


def _digits(factor: Factor) -> int:
    """A range that is narrow beside its distance from zero needs more digits to be told apart within."""
    narrowness = max(abs(factor.low), abs(factor.high)) / (factor.high - factor.low)
    return DIGITS + max(0, floor(log10(narrowness)))


def _generator(purpose: str, index: int, seed: int) -> np.random.Generator:
    """A random stream of its own per purpose, so that no draw moves another."""
    return np.random.default_rng([*purpose.encode(), index, seed])
