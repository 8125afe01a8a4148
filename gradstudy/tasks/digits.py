"""Handwritten digits: a real classification task that needs no download."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from gradstudy.tasks.feature_task import Data, Features


@dataclass(frozen=True)
class Digits(Features):
    """Ten handwritten digits to be told from 8x8 pixels in [0, 1] (Alpaydin & Kaynak 1998).

    Inputs are 64 features or, with `image`, one channel of 8 rows of 8 pixels: for models that convolve or read row by
    row. A fixed fifth of the 1797 images, balanced over classes, is held out.
    """

    image: bool = False

    def data(self) -> Data:
        return _digits(self.image)


@cache
def _digits(image: bool) -> Data:
    train, held_out, labels, held_out_labels = split()
    shape = (-1, 1, 8, 8) if image else (-1, 64)
    return Data(train.reshape(shape), labels, held_out.reshape(shape), held_out_labels, outputs=10)


@cache
def split() -> list[np.ndarray]:
    """Pixels [row, 64] in [0, 1] to train on and held out, then their labels [row]."""
    pixels, labels = load_digits(return_X_y=True)
    arrays: list[np.ndarray] = train_test_split(pixels / 16, labels, test_size=0.2, random_state=0, stratify=labels)
    return arrays
