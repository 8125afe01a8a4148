"""Handwritten digits read pixel by pixel: a real classification task with a long gap."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from gradstudy.network import Shape
from gradstudy.parts import Part, number
from gradstudy.tasks.loss import cross_entropy


@dataclass(frozen=True)
class SequentialDigits(Part):
    """Can a network classify an image from a sequence of its pixels? (Le, Jaitly & Hinton 2015, on smaller images.)

    scikit-learn's bundled 8x8 digits (Alpaydin & Kaynak 1998) in reading order: 64 steps of one pixel in [0, 1], ten
    classes. A fixed fifth of the images, balanced over classes, is held out.
    """

    batch_size: int = number(32, at_least=1)

    @property
    def shape(self) -> Shape:
        return Shape((64, 1), outputs=10)

    def batch(self, stream: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        images, _, labels, _ = _split()
        chosen = stream.integers(len(images), size=self.batch_size)
        return images[chosen], labels[chosen]

    def held_out(self, stream: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        _, images, _, labels = _split()
        return images, labels

    def loss(self, output, target):
        return cross_entropy(output, target)


@cache
def _split():
    pixels, labels = load_digits(return_X_y=True)
    sequences = (pixels / 16)[:, :, None]
    return train_test_split(sequences, labels, test_size=0.2, random_state=0, stratify=labels)
