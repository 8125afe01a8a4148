"""What tasks with a table of features share: their sampling, and what can be wrong with the scale of features."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np

from gradstudy.network import Shape
from gradstudy.parts import number
from gradstudy.tasks.baseline import Baseline
from gradstudy.tasks.task import Arrays, Task

MOST_SAMPLES = 1_000_000
LARGE = 1e30
"""As far as features are scaled: beyond it their squares leave the range of float64."""


@dataclass(frozen=True, eq=False)
class Data:
    """Rows to train on and rows that are held out.

    Inputs are [row, *shape]. Targets are numbers [row, output], or whole numbers [row] that name one of `outputs`
    classes. `about` says of a person's own data what was read, by what it is about.
    """

    inputs: np.ndarray
    targets: np.ndarray
    held_out_inputs: np.ndarray
    held_out_targets: np.ndarray
    outputs: int
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the inputs of one row."""
        return self.inputs.shape[1:]

    def take(self, chosen: np.ndarray | slice) -> np.ndarray:
        """The inputs of these rows to train on, [row, *shape]."""
        return self.inputs[chosen]

    @cached_property
    def mean(self) -> np.ndarray:
        """Of each feature over the rows to train on."""
        return np.asarray(self.inputs.mean(0))

    @cached_property
    def variance(self) -> np.ndarray:
        """Of each feature over the rows to train on; exactly zero where it never changes."""
        changes = self.inputs.min(0) < self.inputs.max(0)
        return np.where(changes, self.inputs.var(0), 0.0)

    @cached_property
    def baseline(self) -> Baseline:
        """Over the rows to train on."""
        numbers = self.targets.dtype.kind == "f"
        return Baseline.of_numbers(self.targets) if numbers else Baseline.of_classes(self.targets)


@dataclass(frozen=True)
class Features(Task):
    """A table of features, scaled badly where asked, and standardised where asked.

    A batch is drawn without replacement, and is the whole set where that is not larger. An input x_i becomes
    `scale` * s_i * x_i. The s_i span `spread` decades from the smallest to the largest feature, evenly, in a fixed
    random order, and have a mean square of 1, so that spread is not another scale. A share `outliers` of all entries,
    drawn anew with every batch, is multiplied by `outlier_scale`; a larger share keeps the outliers of a smaller one.
    `standardize` then gives every feature the mean 0 and the variance 1 that this would have over the rows to train
    on: mean and variance over rows and outliers (LeCun, Bottou, Orr & Müller 1998). Features that never change become
    0. What is held out is treated the same way, with the numbers of the rows to train on.
    """

    scale: float = number(1.0, at_least=0.0, at_most=LARGE)
    spread: float = number(0.0, at_least=0.0, at_most=30.0)
    outliers: float = number(0.0, at_least=0.0, at_most=1.0)
    outlier_scale: float = number(100.0, at_least=-LARGE, at_most=LARGE)
    standardize: bool = False

    def data(self) -> Data:
        """The arrays of this task: kept by a function, not by the part, which is sent to workers."""
        raise NotImplementedError

    @property
    def shape(self) -> Shape:
        data = self.data()
        return Shape(data.shape, data.outputs)

    @property
    def about(self) -> Mapping[str, str]:
        return self.data().about

    @property
    def largest_batch(self) -> int:
        return min(self.batch_size, len(self.data().targets))

    @property
    def smallest_batch(self) -> int:
        data = self.data()
        return min(self.batch_size, len(data.targets), len(data.held_out_targets))

    @property
    def baseline(self) -> Baseline:
        return self.data().baseline

    def batch(self, stream: np.random.Generator) -> Arrays:
        data = self.data()
        rows = len(data.targets)
        chosen = stream.choice(rows, self.batch_size, replace=False) if self.batch_size < rows else slice(None)
        return self._scaled(data, data.take(chosen), stream), data.targets[chosen]

    def held_out(self, stream: np.random.Generator) -> Arrays:
        data = self.data()
        return self._scaled(data, data.held_out_inputs, stream), data.held_out_targets

    def _scaled(self, data: Data, inputs: np.ndarray, stream: np.random.Generator) -> np.ndarray:
        # drawn even where no entry is an outlier: a trial with outliers then trains on the same rows as one without
        drawn = stream.random(inputs.shape, dtype=np.float32)
        factors = self.scale * multipliers(data.mean.shape, self.spread)
        scaled = np.asarray(factors * inputs)
        if self.outliers > 0.0:
            scaled = np.where(drawn < self.outliers, self.outlier_scale, 1.0) * scaled
        if not self.standardize:
            return scaled
        mean, variance = self._moments(data, factors)
        return np.asarray((scaled - mean) / np.sqrt(np.where(variance > 0, variance, 1.0)))

    def _moments(self, data: Data, factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of f x o, where o is `outlier_scale` with the probability `outliers` and else 1.

        E[o] = 1 + p (s - 1), E[o^2] = 1 + p (s^2 - 1), Var[x o] = Var[x] E[o^2] + E[x]^2 Var[o].
        """
        share, size = self.outliers, self.outlier_scale
        variance = data.variance * (1 + share * (size**2 - 1)) + data.mean**2 * (share * (1 - share) * (size - 1) ** 2)
        return factors * data.mean * (1 + share * (size - 1)), factors**2 * variance


@cache
def multipliers(shape: tuple[int, ...], spread: float) -> np.ndarray:
    """The s_i that features are multiplied by, of the shape of a sample."""
    count = int(np.prod(shape))
    # down from 1, so that no square overflows however far they are spread
    evenly = 10.0 ** np.linspace(-spread, 0.0, count) if count > 1 else np.ones(1)
    in_order = evenly / np.sqrt(np.square(evenly).mean())
    return np.random.default_rng(0).permutation(in_order).reshape(shape)
