"""Exchanges of levels between trials, so that no two factors are in line.

Columns of a Sobol sequence go together badly in pairs when they are cut at a few hundred points into 3, 5 or 13 levels:
with 32 trials a factor of 4 levels and one of 3 came out at V = .83 in line under every scrambling, where independent
draws give .3. Exchanges leave every level's number of trials as it is. Source: Fedorov 1972, Theory of optimal
experiments; in the form of Jin, Chen & Sudjianto 2005 for columns of a design.
"""

from collections.abc import Sequence

import numpy as np

MOST_EXCHANGED, SWEEPS = 1000, 3
"""Every trial is held against every other (1000 trials x 12 factors: 2 s), and beyond that the sequence is even."""


def exchange(codes: np.ndarray, counts: Sequence[int], numbers: np.ndarray, free: np.ndarray) -> np.ndarray:
    """The level indices [trial, factor] after the exchanges that make pairs of columns most independent.

    `counts` are the numbers of levels. `numbers` [trial, number] in 0..1 are the other columns, which stay; so do the
    trials that are not among `free` (indices). What is made small is the sum of chi-square over all pairs: of two
    factors, and of a factor with a number's straight line and its parabola.
    """
    codes = codes.copy()
    if len(codes) > MOST_EXCHANGED or not len(free):
        return codes
    curves = _curves(numbers)
    for _ in range(SWEEPS):
        before = codes.copy()
        for column, count in enumerate(counts):
            levels = [_contrasts(codes[:, other], counts[other]) for other in range(len(counts)) if other != column]
            codes[:, column] = _exchanged(codes[:, column], count, np.hstack([*levels, *curves]), free)
        if (codes == before).all():
            break
    return codes


def _exchanged(codes: np.ndarray, count: int, others: np.ndarray, free: np.ndarray) -> np.ndarray:
    """One column after every free trial in turn has made its best exchange. `others` is [trial, contrast]."""
    levels = codes[free]
    pull = others[free] @ (others.T @ _contrasts(codes, count))  # [trial, level], 0 where nothing is in line
    others = others[free]
    sizes = (others**2).sum(axis=1)
    for trial in range(len(free)):
        distances = sizes + sizes[trial] - 2 * others @ others[trial]
        gain = _gain(pull, levels, trial, count) + np.where(levels == levels[trial], 0.0, 2 * count * distances)
        best = int(gain.round(6).argmin())  # rounded: equal gains must not be told apart by a machine's last digit
        if gain[best] < -1e-6:
            moved = np.sqrt(count) * (others @ (others[trial] - others[best]))
            pull[:, levels[best]] += moved
            pull[:, levels[trial]] -= moved
            levels[[trial, best]] = levels[[best, trial]]
    after = codes.copy()
    after[free] = levels
    return after


def _gain(pull: np.ndarray, levels: np.ndarray, trial: int, count: int) -> np.ndarray:
    """[trial]: to first order, what an exchange of this trial's level with each other's adds to the sum."""
    theirs = pull[trial, levels] - pull[np.arange(len(levels)), levels]
    own = pull[trial, levels[trial]] - pull[:, levels[trial]]
    return np.asarray(2 * np.sqrt(count) * (theirs - own))


def _contrasts(codes: np.ndarray, count: int) -> np.ndarray:
    """[trial, level], scaled so that the squared product of two factors' contrasts is n times their chi-square."""
    return np.asarray(np.sqrt(count) * (np.eye(count) - 1 / count)[codes])


def _curves(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The straight line and the parabola over [0, 1] that have mean 0 and variance 1 (Legendre), [trial, number]."""
    line = 2 * numbers - 1
    return np.sqrt(3) * line, np.sqrt(5) / 2 * (3 * line**2 - 1)
