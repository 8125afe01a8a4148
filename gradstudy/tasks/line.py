"""A straight line: the task of every first lesson."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from gradstudy.parts import number
from gradstudy.tasks.feature_task import MOST_SAMPLES, Data, Features
from gradstudy.tasks.task import LARGEST_BATCH

SLOPE, INTERCEPT = 3.0, 2.0


@dataclass(frozen=True)
class Line(Features):
    """The line y = 3 x + 2 from `points` noisy points: x ~ N(0, 1), the noise is N(0, noise^2).

    The points, and a fifth as many held out, are drawn once, the same for every seed and every noise: the least
    possible error is noise^2. With `batch_size` of at least `points` every batch is the whole set.
    """

    batch_size: int = number(100, at_least=1, at_most=LARGEST_BATCH)
    points: int = number(100, at_least=2, at_most=MOST_SAMPLES)
    noise: float = number(0.1, at_least=0.0)

    def data(self) -> Data:
        return _line(self.points, self.noise)


@cache
def _line(points: int, noise: float) -> Data:
    x, error = np.random.default_rng(0).standard_normal((2, points + -(-points // 5), 1))
    y = SLOPE * x + INTERCEPT + noise * error
    return Data(x[:points], y[:points], x[points:], y[points:], outputs=1)
