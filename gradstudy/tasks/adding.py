"""The adding problem: remember two marked numbers over a long gap."""

from dataclasses import dataclass

import numpy as np

from gradstudy.network import Shape
from gradstudy.parts import number
from gradstudy.tasks.baseline import Baseline
from gradstudy.tasks.task import LONGEST_SEQUENCE, Arrays, Drawn

Marked = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Values and markers [count, length], and targets [count]."""


@dataclass(frozen=True)
class Adding(Drawn):
    """The sum of two marked numbers among `length` (value, marker) pairs: information carried over a long gap.

    `unit_interval=False`: Hochreiter & Schmidhuber 1997, experiment 4, at a fixed length: values U[-1, 1]; one of the
    first ten pairs and one of the first length/2 - 1 others are marked 1, the first and last pair -1; if the first
    pair is marked, its value is 0; target .5 + (X1 + X2) / 4.
    `unit_interval=True`: Le, Jaitly & Hinton 2015: values U[0, 1], one mark in each half, target X1 + X2; always
    answering 1 has a mean squared error of 1/6.
    """

    length: int = number(50, at_least=8, at_most=LONGEST_SEQUENCE)
    unit_interval: bool = False

    @property
    def shape(self) -> Shape:
        return Shape((self.length, 2), outputs=1)

    @property
    def baseline(self) -> Baseline:
        """Of always answering the mean: Var(X1 + X2), and in the original Var((X1 + X2) / 4).

        U[0, 1] has the variance 1/12 and U[-1, 1] has 1/3, but for the original's first pair, which counts 0.
        """
        if self.unit_interval:
            return Baseline(2 / 12)
        reach = self.length // 2 - 1
        first = 1 / min(10, reach)
        first_pair = first + (1 - first) / (reach - 1)  # marked as the first of the two, or as the second
        return Baseline((2 - first_pair) / 3 / 16)

    def draw(self, stream: np.random.Generator, count: int) -> Arrays:
        """Inputs [count, length, 2] and targets [count, 1]."""
        draw = self._unit_interval if self.unit_interval else self._original
        values, markers, targets = draw(stream, count)
        return np.stack([values, markers], axis=2), targets[:, None]

    def _unit_interval(self, stream: np.random.Generator, count: int) -> Marked:
        values = stream.random((count, self.length))
        rows, half = np.arange(count), self.length // 2
        first, second = stream.integers(half, size=count), stream.integers(half, self.length, size=count)
        markers = np.zeros((count, self.length))
        markers[rows, first] = markers[rows, second] = 1
        return values, markers, values[rows, first] + values[rows, second]

    def _original(self, stream: np.random.Generator, count: int) -> Marked:
        values = stream.uniform(-1, 1, (count, self.length))
        rows, reach = np.arange(count), self.length // 2 - 1
        first = stream.integers(min(10, reach), size=count)
        second = stream.integers(reach - 1, size=count)
        second += second >= first  # uniform over the other pairs of the first half
        values[:, 0] = np.where((first == 0) | (second == 0), 0, values[:, 0])
        markers = np.zeros((count, self.length))
        markers[:, [0, -1]] = -1
        markers[rows, first] = markers[rows, second] = 1
        return values, markers, 0.5 + (values[rows, first] + values[rows, second]) / 4
