"""A function that some network can represent exactly: another network's."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from gradstudy.parts import number
from gradstudy.tasks.feature_task import MOST_SAMPLES, Data, Features


@dataclass(frozen=True)
class Teacher(Features):
    """A fixed random network to be imitated: regression without the doubt whether the task can be learned.

    x ~ N(0, 1) of `features` numbers; the teacher has `teacher_depth` tanh layers of `teacher_width` units, weights
    N(0, 1/fan-in) and biases N(0, 1/4), and its outputs are standardised over the `points`; then comes N(0, noise^2).
    `points`, a fifth as many held out, and the teacher are drawn once, the same for every seed. (Student and teacher:
    Saad & Solla 1995.)
    """

    features: int = number(16, at_least=1, at_most=4_096)
    outputs: int = number(1, at_least=1, at_most=4_096)
    teacher_width: int = number(32, at_least=1, at_most=4_096)
    teacher_depth: int = number(2, at_least=1, at_most=100)
    points: int = number(2000, at_least=2, at_most=MOST_SAMPLES)
    noise: float = number(0.0, at_least=0.0)

    def data(self) -> Data:
        sizes = (self.features, *[self.teacher_width] * self.teacher_depth, self.outputs)
        return _noisy(sizes, self.points, self.noise)


@cache
def _noisy(sizes: tuple[int, ...], points: int, noise: float) -> Data:
    inputs, targets, errors = _taught(sizes, points)
    noisy = targets + noise * errors
    return Data(inputs[:points], noisy[:points], inputs[points:], noisy[points:], outputs=sizes[-1])


@cache
def _taught(sizes: tuple[int, ...], points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs [row, feature], standardised outputs of the teacher and errors N(0, 1), both [row, output]."""
    draw = np.random.default_rng(0)
    inputs = signal = draw.standard_normal((points + -(-points // 5), sizes[0]))
    for width in sizes[1:-1]:
        signal = np.tanh(_mapped(signal, width, draw))
    taught = _mapped(signal, sizes[-1], draw)
    known = taught[:points]
    return inputs, (taught - known.mean(0)) / known.std(0), draw.standard_normal(taught.shape)


def _mapped(signal: np.ndarray, width: int, draw: np.random.Generator) -> np.ndarray:
    fan_in = signal.shape[1]
    mapped = np.asarray(signal @ draw.standard_normal((fan_in, width)) / np.sqrt(fan_in))
    return mapped + draw.standard_normal(width) / 2
