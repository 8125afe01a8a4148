"""Handwritten digits read pixel by pixel: a real classification task with a long gap."""

from dataclasses import dataclass

import numpy as np

from gradstudy.network import Shape
from gradstudy.parts import number
from gradstudy.tasks.baseline import Baseline
from gradstudy.tasks.digits import split
from gradstudy.tasks.task import LARGEST_BATCH, Task


@dataclass(frozen=True)
class SequentialDigits(Task):
    """Images to be classified from a sequence of their pixels (Le, Jaitly & Hinton 2015, on smaller images).

    scikit-learn's bundled 8x8 digits (Alpaydin & Kaynak 1998) in reading order: 64 steps of one pixel in [0, 1], ten
    classes. A fixed fifth of the images, balanced over classes, is held out.
    """

    batch_size: int = number(32, at_least=1, at_most=LARGEST_BATCH)

    @property
    def shape(self) -> Shape:
        return Shape((64, 1), outputs=10)

    @property
    def baseline(self) -> Baseline:
        _, _, labels, _ = split()
        return Baseline.of_classes(labels)

    def batch(self, stream: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        images, _, labels, _ = split()
        chosen = stream.integers(len(images), size=self.batch_size)
        return images[chosen, :, None], labels[chosen]

    def held_out(self, stream: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        _, images, _, labels = split()
        return images[:, :, None], labels
