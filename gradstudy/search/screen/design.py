"""The design of a screen: the levels that each trial gets.

Randomised assignment is what licenses the word cause. Inside a block (the trials that one launch added) every column is
a random permutation of its own: of levels that come equally often to within one, and of numbers of which one falls into
each of n equal strata (a Latin hypercube). Where a block holds all combinations of levels, each comes equally often: a
full factorial in random order. A value inside a config group is permuted inside each level of that group, evenly
spread there too, as it may live in one of them only (a sliced Latin hypercube; Qian 2012).

Then values are exchanged between trials until neither two factors are in line nor a factor and the product of two
others. That is a rerandomisation: every level keeps its equal chance in every trial, and of all assignments those are
left in which chance confounds little. A test by free permutation stays valid, and is conservative where other factors
act (Morgan & Rubin 2012).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from math import prod

import numpy as np

from gradstudy.records import Factor, Level
from gradstudy.search.screen.exchange import exchange
from gradstudy.search.search_space import readable

Lives = Callable[[Mapping[str, Level]], Collection[str]]


def design(
    factors: Sequence[Factor], blocks: Sequence[int], seed: int, lives: Lives | None = None
) -> list[dict[str, Level]]:
    """The level of every factor in every trial: one row per trial, one value per factor, active or not.

    `blocks` are how many trials successive launches added, such as `[128]`, or `[32, 96]` for a study that was
    extended: another block changes no row before it. `lives` says which values inside groups live where the groups have
    these levels, by default all of them. A pure function of its arguments.
    """
    coded, rows = np.empty((0, len(factors))), []
    for block, size in enumerate(blocks):
        generator = np.random.default_rng([*b"columns", block, seed])
        coded = np.vstack([coded, np.zeros((size, len(factors)))])
        _Block(factors, coded, size, lives, generator).fill()
        jitter = (generator.random((size, len(factors))) - 0.5) / size
        rows += [_row(factors, trial) for trial in coded[len(coded) - size :] + jitter * _numbers(factors)]
    return rows


class _Block:
    """The last `size` trials of `coded` [trial, factor]: level indices, and of numbers the middles of their strata."""

    def __init__(
        self,
        factors: Sequence[Factor],
        coded: np.ndarray,
        size: int,
        lives: Lives | None,
        generator: np.random.Generator,
    ):
        self._factors, self._coded, self._lives, self._random = factors, coded, lives, generator
        self._counts = [len(factor.levels) for factor in factors]
        self._new = coded[len(coded) - size :]
        self._crossed = size - size % prod(count for count in self._counts if count)
        position = {factor.name: place for place, factor in enumerate(factors) if factor.levels}
        groups = [position.get(factor.name.rpartition(".")[0]) for factor in factors]
        self._group = {column: group for column, group in enumerate(groups) if group is not None}

    def fill(self) -> None:
        """Draws the columns and exchanges them: what decides where others live first, then the values inside groups."""
        self._cross()
        outer = [column for column in range(len(self._factors)) if column not in self._group]
        for columns in (outer, list(self._group)):
            for column in columns:
                self._draw(column)
            known = outer if columns is outer else list(range(len(self._factors)))
            self._exchange(columns, known)

    def _cross(self) -> None:
        """Every combination of levels equally often in the first trials of the block, as far as they go round."""
        columns = [column for column, count in enumerate(self._counts) if count]
        order = self._random.permutation(self._crossed)
        for column in columns:
            count = self._counts[column]
            self._new[: self._crossed, column] = order % count
            order //= count

    def _draw(self, column: int) -> None:
        """A random permutation: of levels in the trials left over by the factorial, of numbers in all."""
        start = self._crossed if self._counts[column] else 0
        group = self._group.get(column)
        slices = np.zeros(len(self._new), dtype=int) if group is None else self._new[:, group].astype(int)
        ranks = self._ranks(slices[start:])
        if count := self._counts[column]:
            self._new[start:, column] = _balanced(ranks, count, self._random)
        else:
            self._new[:, column] = (ranks + 0.5) / len(ranks)

    def _ranks(self, slices: np.ndarray) -> np.ndarray:
        """0..n-1 in random order, such that the trials of every slice are spread evenly too."""
        order = np.lexsort((self._random.random(len(slices)), slices))
        sizes = np.bincount(slices)
        inside = np.arange(len(slices)) - (np.cumsum(sizes) - sizes)[slices[order]]
        places = np.empty(len(slices))
        places[order] = (inside + 0.5) / sizes[slices[order]]
        return np.lexsort((self._random.random(len(slices)), places)).argsort()

    def _exchange(self, columns: Sequence[int], known: Sequence[int]) -> None:
        """Exchanges the block's values of `columns` with a view to all `known` ones, in this and in earlier blocks."""
        living, slices = self._living(known), np.full((len(self._coded), len(known)), -1)
        new = slices[len(slices) - len(self._new) :]
        for place, column in enumerate(known):
            if column in columns:
                group = self._group.get(column)
                new[:, place] = 0 if group is None else self._new[:, group]
                new[: self._crossed if self._counts[column] else 0, place] = -1
        slices[~living] = -1
        counts = [self._counts[column] for column in known]
        self._coded[:, known] = exchange(self._coded[:, known], counts, living, slices)

    def _living(self, known: Sequence[int]) -> np.ndarray:
        """Whether each of these columns lives in each trial [trial, column]."""
        if self._lives is None or not set(known) & set(self._group):
            return np.ones((len(self._coded), len(known)), dtype=bool)
        deciding = [c for c, factor in enumerate(self._factors) if factor.levels and "." not in factor.name]
        combinations, which = np.unique(self._coded[:, deciding], axis=0, return_inverse=True)
        living = []
        for combination in combinations:
            chosen = zip(deciding, combination, strict=True)
            names = self._lives({self._factors[c].name: self._factors[c].levels[int(code)] for c, code in chosen})
            living.append([column not in self._group or self._factors[column].name in names for column in known])
        return np.array(living, dtype=bool)[which.ravel()]


def _balanced(ranks: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """The index of a level for each of the ranks 0..n-1: every level comes floor or ceil of n / `count` times.

    One offset for all trials (systematic sampling) and levels in random order, so that it is random which come once
    more.
    """
    cells = (ranks + generator.random()) / max(len(ranks), 1) * count
    return np.asarray(generator.permutation(count)[np.minimum(cells.astype(int), count - 1)])


def _numbers(factors: Sequence[Factor]) -> np.ndarray:
    return np.array([factor.is_number for factor in factors], dtype=float)


def _row(factors: Sequence[Factor], coded: np.ndarray) -> dict[str, Level]:
    return {
        factor.name: readable(factor, factor.at(float(code))) if factor.is_number else factor.levels[int(code)]
        for factor, code in zip(factors, coded, strict=True)
    }
