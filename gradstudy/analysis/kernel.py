"""A product kernel over coded points: exchangeable for levels, Matern 5/2 for numbers, 'inactive' as one more level.

A number that does not live everywhere becomes two columns: whether it lives (exchangeable), and its value, which sits
in the middle of the range where it does not live. Both kernels are positive definite for any points, so the product is.
"""

import numpy as np

from gradstudy.analysis.space import INACTIVE

MIDDLE = 0.5
SQRT5 = np.sqrt(5.0)


def columns(points: np.ndarray, conditional: np.ndarray) -> np.ndarray:
    """Which kernel columns do coded points [point, factor] have? One per factor, then one per conditional number.

    `conditional` holds the columns of the numbers that do not live everywhere.
    """
    lives = points[:, conditional] != INACTIVE
    values = points.copy()
    values[:, conditional] = np.where(lives, points[:, conditional], MIDDLE)
    return np.hstack([values, lives])


def correlation(a: np.ndarray, b: np.ndarray, relevance: np.ndarray, smooth: np.ndarray) -> np.ndarray:
    """How alike are the values at points a [i, column] and b [j, column]? -> [i, j], from 0 to 1.

    `relevance` [column] is 0 for a column without influence: the inverse length scale of a number, -log of the
    correlation between two levels otherwise; `smooth` [column] marks the numbers.
    """
    exponent, polynomial = np.zeros((len(a), len(b))), np.ones((len(a), len(b)))
    for column in range(a.shape[1]):
        if smooth[column]:
            scaled = np.abs(np.subtract.outer(a[:, column], b[:, column]))
            scaled *= SQRT5 * relevance[column]
            exponent += scaled
            polynomial *= 1.0 + scaled * (1.0 + scaled / 3.0)
        else:
            exponent += relevance[column] * np.not_equal.outer(a[:, column], b[:, column])
    return polynomial * np.exp(-exponent)


def log_slopes(points: np.ndarray, relevance: np.ndarray, smooth: np.ndarray) -> np.ndarray:
    """How does log correlation change with each log relevance, among these points? -> [column, i, j]"""
    apart = np.abs(points.T[:, :, None] - points.T[:, None, :])
    scaled = SQRT5 * relevance[smooth, None, None] * apart[smooth]
    slopes = -relevance[:, None, None] * (apart > 0.0)
    slopes[smooth] = -(scaled**2) * (1.0 + scaled) / (3.0 + scaled * (3.0 + scaled))
    return slopes
