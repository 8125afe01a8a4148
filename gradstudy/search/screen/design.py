"""The design of a screen: the levels that each trial gets.

Randomised assignment is what licenses the word cause, so levels come from a scrambled low-discrepancy sequence (Sobol;
Owen 1998) and not from what earlier trials showed. Every column is ranked anew inside its block, so that levels are
balanced to within one and numbers fall one into each of n equal strata (a Latin hypercube). Where a block holds all
combinations of levels, each comes equally often: a full factorial in random order; trials beside that exchange levels
until no two factors are in line. A value inside a config group is spread evenly also inside each level of that group,
as it may live in one of them only (a sliced Latin hypercube; Qian 2012).
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from math import prod

import numpy as np
from scipy.stats import qmc

from gradstudy.records import Factor, Level
from gradstudy.search.screen.exchange import exchange
from gradstudy.search.search_space import readable


def design(factors: Sequence[Factor], blocks: Sequence[int], seed: int) -> list[dict[str, Level]]:
    """The level of every factor in every trial: one row per trial, one value per factor, active or not.

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
    return replace(factor, levels=tuple(factor.levels[index] for index in order))


def _block(factors: Sequence[Factor], points: np.ndarray, generator: np.random.Generator) -> list[dict[str, Level]]:
    codes = _codes(factors, points, generator)
    columns = []
    for factor, column in zip(factors, points.T, strict=True):
        if factor.is_number:
            shares = (_ranks(column, codes.get(_group(factor))) + generator.random(len(column))) / len(column)
            columns.append([readable(factor, factor.at(share)) for share in shares])
        else:
            columns.append([factor.levels[code] for code in codes[factor.name]])
    names = [factor.name for factor in factors]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _group(factor: Factor) -> str:
    """The group whose level may decide whether this factor lives: of `clipping.max_norm` it is `clipping`."""
    return factor.name.rpartition(".")[0]


def _ranks(column: np.ndarray, slices: np.ndarray | None = None) -> np.ndarray:
    """The ranks 0..n-1 of a column [trial], moved so that the trials of every slice [trial] are spread evenly too."""
    if slices is None:
        return column.argsort().argsort()
    sizes = np.bincount(slices)
    order = np.lexsort((column, slices))
    inside = np.arange(len(column)) - (np.cumsum(sizes) - sizes)[slices[order]]
    places = np.empty(len(column))
    places[order] = (inside + 0.5) / sizes[slices[order]]
    return np.lexsort((column, places)).argsort()


def _codes(factors: Sequence[Factor], points: np.ndarray, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """The indices [trial] of the levels that trials take, of every factor that has levels.

    Every combination equally often, as far as the trials go round; the trials left over are balanced by factor.
    """
    columns = [(position, factor) for position, factor in enumerate(factors) if factor.levels]
    columns.sort(key=lambda column: column[1].name.count("."))  # groups before the values inside them
    counts = [len(factor.levels) for _, factor in columns]
    places = [position for position, _ in columns]
    whole = len(points) - len(points) % prod(counts)
    codes = np.empty((len(points), len(columns)), dtype=int)
    codes[:whole] = _crossed(points[:whole, places], counts)
    by_name = {factor.name: codes[whole:, column] for column, (_, factor) in enumerate(columns)}
    for position, factor in columns:
        ranks = _ranks(points[whole:, position], by_name.get(_group(factor)))
        by_name[factor.name][:] = _balanced(ranks, len(factor.levels), generator)
    codes = exchange(codes, counts, np.delete(points, places, axis=1), np.arange(whole, len(points)))
    return {factor.name: column for (_, factor), column in zip(columns, codes.T, strict=True)}


def _crossed(points: np.ndarray, counts: Sequence[int]) -> np.ndarray:
    """Level indices [trial, factor] with every combination of so many levels equally often; the trials must divide.

    The trials are cut into equal parts along the first column, each part along the second, and so on: every part is
    about a box of the cube, in which the sequence still spreads the numbers evenly.
    """
    codes, parts = np.zeros(points.shape, dtype=int), np.zeros(len(points), dtype=int)
    size = len(points)
    for position, count in enumerate(counts):
        size //= count
        order = np.lexsort((points[:, position], parts))
        codes[order, position] = np.arange(len(points)) // max(size, 1) % count
        parts = parts * count + codes[:, position]
    return codes


def _balanced(ranks: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """The index of a level for each of the ranks 0..n-1: every level comes floor or ceil of n / `count` times.

    One offset for all trials (systematic sampling), so that it is random which levels come once more.
    """
    cells = (ranks + generator.random()) / max(len(ranks), 1) * count
    return np.asarray(np.minimum(cells.astype(int), count - 1))


def _generator(purpose: str, index: int, seed: int) -> np.random.Generator:
    """A random stream of its own per purpose, so that no draw moves another."""
    return np.random.default_rng([*purpose.encode(), index, seed])
