"""Random images with labels, for tests that train on images."""

from dataclasses import dataclass

import numpy as np

from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.tasks.task import cross_entropy


@dataclass(frozen=True)
class Pictures(RandomSignal):
    """Noise whose label is drawn with it; two batches of it are held out."""

    features: int = 2
    outputs: int = 3
    side: int = 5
    batch_size: int = 4

    def held_out(self, stream):
        return self.draw(stream, 2 * self.batch_size)

    def loss(self, output, target):
        return cross_entropy(output, target)

    def draw(self, stream, count):
        inputs, scores = super().draw(stream, count)
        return inputs, scores.argmax(1).astype(np.int64)
