"""What theory says of one network, place by place."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Prediction:
    """The flow at initialisation, in the limit of infinite width, from input to output or first to last time step.

    `signal` [place] is log10(D_p / D_last) in decades of amplitude, 0 at the last place, and -inf or inf where nothing
    is left of it or it has no size. `activation_rms` [place] is the root mean square of the flow point itself.
    """

    signal: np.ndarray
    activation_rms: np.ndarray

    @property
    def gain_init(self) -> float:
        """By how many decades does the gradient grow from the last place to the first?"""
        return float(self.signal[0])
