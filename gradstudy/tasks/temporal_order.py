"""The temporal order problem: remember two symbols and which came first."""

from dataclasses import dataclass
from math import log

import numpy as np

from gradstudy.network import Shape
from gradstudy.parts import number
from gradstudy.tasks.baseline import Baseline
from gradstudy.tasks.task import LONGEST_SEQUENCE, Arrays, Drawn

RELEVANT, DISTRACTORS = 2, 4
START, TRIGGER = 6, 7
"""Symbols by number: X and Y, four distractors, and where there are triggers the first and the last of a sequence."""


@dataclass(frozen=True)
class TemporalOrder(Drawn):
    """XX, XY, YX and YY, far apart among `length` random symbols, to be told from the last output.

    Symbols are one-hot; the relevant ones stand at one place each in [.1, .2) and [.5, .6) of the length, and a
    distractor of a, b, c, d everywhere else.
    `triggers=True`: Hochreiter & Schmidhuber 1997, experiment 6a, at a fixed length (theirs is 100 to 110): the first
    symbol is E and the last B, so that there are eight. `triggers=False`: Pascanu, Mikolov & Bengio 2013: six symbols.
    Chance is a loss of ln 4.
    """

    length: int = number(50, at_least=10, at_most=LONGEST_SEQUENCE)
    triggers: bool = True

    @property
    def shape(self) -> Shape:
        return Shape((self.length, 8 if self.triggers else 6), outputs=4)

    @property
    def baseline(self) -> Baseline:
        """Of guessing one of four equally likely classes."""
        return Baseline(log(4), 1 / 4)

    def draw(self, stream: np.random.Generator, count: int) -> Arrays:
        """Inputs [count, length, symbol] and classes [count]: 0 to 3 for XX, XY, YX, YY."""
        rows, tenth = np.arange(count), self.length // 10
        symbols = stream.integers(RELEVANT, RELEVANT + DISTRACTORS, size=(count, self.length))
        first, second = stream.integers(RELEVANT, size=(2, count))
        symbols[rows, stream.integers(tenth, 2 * tenth, size=count)] = first
        symbols[rows, self.length // 2 + stream.integers(tenth, size=count)] = second
        if self.triggers:
            symbols[:, 0], symbols[:, -1] = START, TRIGGER
        return np.eye(self.shape.inputs[1])[symbols], 2 * first + second
