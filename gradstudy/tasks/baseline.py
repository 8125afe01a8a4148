"""What a task costs whoever disregards its inputs: that against which learning is measured."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Baseline:
    """The loss of the best answer that looks at no input, and the share of right ones where targets are classes."""

    loss: float
    accuracy: float | None = None

    @staticmethod
    def of_numbers(targets: np.ndarray) -> "Baseline":
        """Of the best constant for [row, output], by the mean squared error: the outputs' variance in the mean."""
        return Baseline(float(targets.var(0).mean()))

    @staticmethod
    def of_classes(labels: np.ndarray) -> "Baseline":
        """Of the classes' own shares of [row] as probabilities, by cross-entropy: the entropy of the labels.

        Whoever always answers the most frequent class is right as often as its share.
        """
        shares = np.unique(labels, return_counts=True)[1] / labels.size
        return Baseline(float(-(shares * np.log(shares)).sum()), float(shares.max()))
