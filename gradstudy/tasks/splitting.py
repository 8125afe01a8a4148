"""Which rows of a table are trained on and which are held out: a fifth drawn at random, or the last one in time."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np
from sklearn.model_selection import train_test_split

from gradstudy.tasks.feature_task import Data

MOST_HELD_OUT = 1000
"""Every member keeps its held-out rows in memory, and a thousand tell a loss to a few per cent."""


@dataclass(frozen=True, eq=False)
class Split:
    """Numbers of the rows whose targets are trained on, and held out; `words` say how they came to be.

    `known` are the rows whose inputs are seen in training: medians are taken over these.
    """

    chosen: np.ndarray
    held_out: np.ndarray
    known: np.ndarray
    words: Mapping[str, str]

    def data(self, inputs: np.ndarray, targets: tuple[np.ndarray, np.ndarray], outputs: int) -> Data:
        """The data of these inputs [row, input], and of targets to train on and held out."""
        return Data(inputs[self.chosen], targets[0], inputs[self.held_out], targets[1], outputs)


def drawn(usable: np.ndarray, classes: np.ndarray | None) -> Split:
    """A fixed fifth of the usable rows held out, at most 1000, balanced over classes where each has rows enough."""
    rows = np.flatnonzero(usable)
    count = min(ceil(len(rows) / 5), MOST_HELD_OUT)
    labels = None if classes is None else np.unique(classes[rows], return_inverse=True)[1]
    sizes = np.bincount(labels) if labels is not None else np.zeros(1)
    balanced = sizes.min() >= 2 and len(sizes) <= count
    places = np.arange(len(rows))
    chosen, held_out = train_test_split(places, test_size=count, random_state=0, stratify=labels if balanced else None)
    gone = len(usable) - len(rows)
    told = (
        f"{len(chosen)} to train on, {count} held out, drawn at random{', balanced over classes' if balanced else ''}"
    )
    more = f" ({gone} of {len(usable)} left out, as a value is missing)" if gone else ""
    return Split(rows[chosen], rows[held_out], rows[chosen], {"rows": f"{len(rows)}{more}: {told}"})
