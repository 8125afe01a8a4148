"""Exchanges between trials, so that neither two factors are in line, nor a factor and the product of two others.

Independent permutations leave the worst pair of a dozen columns of 128 trials some .25 in line, and the worst of
their 1800 triples about .35: a factor that does nothing would then show a part of what two others do together, to the
surrogate as to a test. Columns of a low-discrepancy sequence are worse: they are even in each pair and in line in
threes. Exchanges leave every column what it is, a permutation of its values. Sources: Fedorov 1972, Theory of optimal
experiments; Jin, Chen & Sudjianto 2005, in whose form columns of a design are exchanged.
"""

from collections.abc import Sequence

import numpy as np

MOST_EXCHANGED, SWEEPS = 1000, 3
"""Beyond so many trials chance leaves little in line (1/sqrt(n) per pair), and all of them compared with all take
seconds; every sweep goes through all trials of all columns."""
ALL_SWEEPS = 200
"""Up to so many trials; larger designs are swept once (1000 trials of 13 factors: 3 s)."""
TRIPLES, PER_TRIAL, BEND = 0.25, 0.001, 0.5
"""What a triple at most counts against a pair, and how much of that a trial adds: there are many times more triples
than a small design has freedom for. What a number's parabola counts against its line: few effects have its shape."""


def exchange(coded: np.ndarray, counts: Sequence[int], lives: np.ndarray, slices: np.ndarray) -> np.ndarray:
    """The columns [trial, factor] after the exchanges that make them most independent.

    `coded` are level indices, or places in 0..1 of a number, whose `counts` (of levels) is 0. `lives` [trial, factor]:
    what a factor is in line with counts where it lives. `slices` [trial, factor]: a value goes to another trial of its
    slice alone, and stays where that is negative. What is made small is the sum over pairs of their squared products,
    plus up to `TRIPLES` times that of every factor with the product of two others, which is the same for each of the
    three. Of a factor every contrast counts, of a number its straight line and its parabola.
    """
    coded = coded.copy()
    columns = [column for column in range(coded.shape[1]) if (slices[:, column] >= 0).any()]
    if len(coded) > MOST_EXCHANGED or not columns:
        return coded
    for _ in range(SWEEPS if len(coded) <= ALL_SWEEPS else 1):
        before = coded.copy()
        for column in columns:
            others = [other for other in range(coded.shape[1]) if other != column]
            contrasts = (_contrasts(coded[:, other], counts[other], lives[:, other]) for other in others)
            products = _products([one @ one.T for one in contrasts], len(coded))
            own = _contrasts(coded[:, column], counts[column], lives[:, column])
            coded[:, column] = coded[_exchanged(own, products, slices[:, column]), column]
        if (coded == before).all():
            break
    return coded


def _contrasts(column: np.ndarray, count: int, lives: np.ndarray) -> np.ndarray:
    """[trial, contrast] of mean 0 and, with all levels equally often, variance 1; 0 where the factor does not live."""
    if count:
        contrasts = np.sqrt(count) * (np.eye(count) - 1 / count)[column.astype(int)]
    else:
        line = 2 * column - 1  # Legendre's polynomials over [0, 1]
        contrasts = np.column_stack([np.sqrt(3) * line, np.sqrt(BEND * 5) / 2 * (3 * line**2 - 1)])
    return np.asarray(contrasts * (lives * np.sqrt(len(lives) / max(lives.sum(), 1)))[:, None])


def _products(grams: Sequence[np.ndarray], count: int) -> np.ndarray:
    """[trial, trial]: the scalar products of all contrasts of these columns and, weighted, of all their products.

    A product of contrasts of two columns has the product of their Gram matrices, so that none is ever written out: the
    sum over pairs is the second elementary symmetric polynomial, entry by entry.
    """
    total, squares = np.zeros((count, count)), np.zeros((count, count))
    for gram in grams:
        total += gram
        squares += gram**2
    return np.asarray(total + min(TRIPLES, PER_TRIAL * count) / 2 * (total**2 - squares))


def _exchanged(own: np.ndarray, products: np.ndarray, slices: np.ndarray) -> np.ndarray:
    """Where the value of each trial comes from [trial], after every trial in turn has made its best exchange.

    `own` [trial, contrast] is the column, `products` [trial, trial] are those of all that it shall not be in line with.
    """
    own, source = own.copy(), np.arange(len(own))
    pull, sizes = products @ own, products.diagonal()
    of_slice = {one: np.flatnonzero(slices == one) for one in np.unique(slices) if one >= 0}
    for trial in np.flatnonzero(slices >= 0):
        partners = of_slice[slices[trial]]
        apart = own[partners] - own[trial]
        distances = sizes[trial] + sizes[partners] - 2 * products[trial, partners]
        gain = 2 * (apart * (pull[trial] - pull[partners])).sum(axis=1) + (apart**2).sum(axis=1) * distances
        best = int(gain.round(6).argmin())  # rounded: equal gains must not be told apart by a machine's last digit
        if gain[best] < -1e-6:
            partner = partners[best]
            pull += np.outer(products[trial] - products[partner], apart[best])
            own[[trial, partner]], source[[trial, partner]] = own[[partner, trial]], source[[partner, trial]]
    return source
