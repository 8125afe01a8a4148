"""Handwritten digits: a real classification task that needs no download."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from math import ceil

import numpy as np

from gradstudy.tasks.feature_task import Data, Features
from gradstudy.tasks.stratified import stratified


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
    # read as it is: importing scikit-learn takes 2 seconds
    file = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    table = np.loadtxt(str(file), delimiter=",")
    pixels, labels = table[:, :-1] / 16, table[:, -1].astype(int)
    chosen, held_out = stratified(labels, ceil(len(labels) / 5))
    return [pixels[chosen], pixels[held_out], labels[chosen], labels[held_out]]
