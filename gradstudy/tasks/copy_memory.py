"""The copy memory problem: repeat ten symbols after a long silence."""

from dataclasses import dataclass
from math import log

import numpy as np

from gradstudy.network import Shape
from gradstudy.parts import number
from gradstudy.tasks.baseline import Baseline
from gradstudy.tasks.task import LONGEST_SEQUENCE, Arrays, Drawn

SYMBOLS, REPEATED = 8, 10
BLANK, DELIMITER = 8, 9


@dataclass(frozen=True)
class CopyMemory(Drawn):
    """Ten symbols to be repeated after `length` steps (Arjovsky, Shah & Bengio 2016, after H&S 1997).

    Ten symbols drawn from eight, T - 1 blanks with T = `length`, a delimiter, ten blanks: T + 20 steps, one-hot over
    ten symbols. An output is wanted at every step: T + 10 blanks, then the symbols. Remembering nothing has a loss of
    10 ln 8 / (T + 20).
    """

    length: int = number(50, at_least=1, at_most=LONGEST_SEQUENCE)

    @property
    def shape(self) -> Shape:
        return Shape((self.length + 2 * REPEATED, SYMBOLS + 2), outputs=SYMBOLS + 2, each_step=True)

    @property
    def baseline(self) -> Baseline:
        """Of remembering nothing: every blank is right, and the ten symbols are guessed among eight."""
        steps = self.length + 2 * REPEATED
        return Baseline(REPEATED * log(SYMBOLS) / steps, (steps - REPEATED + REPEATED / SYMBOLS) / steps)

    def draw(self, stream: np.random.Generator, count: int) -> Arrays:
        """Inputs [count, time, symbol] and what to answer at each step [count, time]."""
        repeated = stream.integers(SYMBOLS, size=(count, REPEATED))
        heard = np.full((count, self.shape.inputs[0]), BLANK)
        answers = heard.copy()
        heard[:, :REPEATED] = answers[:, -REPEATED:] = repeated
        heard[:, -REPEATED - 1] = DELIMITER
        return np.eye(SYMBOLS + 2)[heard], answers
