"""How well mean-field theory predicts how the gradient flows before anything is learned."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gradstudy.errors import InputError
from gradstudy.series import CEILING, FLOOR

MEASURED, PREDICTED = "gain_init", "gain_init_theory"
ROUNDING_DECADES = 1e-6
"""Gains that differ by no more than this are equal: float32, in which they are measured, knows seven digits."""


@dataclass(frozen=True)
class Agreement:
    """How far the predicted gain at initialisation is from the measured one, where theory says something.

    Attributes:
        table: One row per trial with a prediction: `predicted`, `measured` (mean over seeds), the `lowest` and
            `highest` seed, in decades, and `in_range`: false where a signal of exactly 0, or one that left float64, was
            measured or predicted; such a gain has no size.
        r2: 1 - mean squared error / variance of what was measured, over the trials in range, with no line fitted, so
            that a constant offset counts as error; nan where these are too few, or all the same but for rounding.
        rmse: The root mean square of the errors of the same, in decades.
        predicted: How many trials are in `table`.
        silent: How many have no prediction.
    """

    table: pd.DataFrame
    r2: float
    rmse: float
    predicted: int
    silent: int

    @property
    def beyond(self) -> int:
        """How many trials of the table are out of range."""
        return int((~self.table["in_range"]).sum())

    @property
    def note(self) -> str:
        """What was found, in plain words."""
        from gradstudy.words.conclusion_words import agreement_note

        return agreement_note(
            predicted=self.predicted, silent=self.silent, beyond=self.beyond, r2=self.r2, rmse=self.rmse
        )

    def plot(self, axes: Any = None) -> Any:
        """Measured over predicted gain with the line on which theory is right: matplotlib axes, new ones by default.

        A dot is a trial's mean and its bar reaches from the lowest to the highest seed. What is out of range stands at
        the edge, as a cross, so that a signal of 0 does not squeeze everything else into a corner.
        """
        from gradstudy.notebook.theory_plot import plot_agreement

        return plot_agreement(self, axes)

    def _repr_html_(self) -> str:
        from gradstudy.notebook.cards import agreement_card

        return agreement_card(self)


def agreement(members: pd.DataFrame) -> Agreement:
    """What theory predicts of `gain_init` beside what was measured, trial by trial.

    Args:
        members: One row per trial x seed with `gain_init` and `gain_init_theory`, which is missing where theory says
            nothing; a table with one row per trial will do, without the seeds' scatter.

    Raises:
        InputError: Nothing is predicted.
    """
    if PREDICTED not in members:
        raise InputError(
            "This study was stored before theory was set beside it. Run it again, or ask for single trials: "
            "`gradstudy.measure(run.overrides(0)).prediction`."
        )
    spoken = members[members[PREDICTED].notna()]
    trials = members["trial"].nunique()
    if spoken.empty:
        raise InputError(
            f"At least one trial with a prediction of gain_init is needed, got none in {trials} trials. Theory says "
            "nothing about such networks: `gradstudy.measure(run.overrides(0)).no_theory` says why."
        )
    by_trial = spoken.groupby("trial")
    of_seeds = by_trial[MEASURED].agg(measured="mean", lowest="min", highest="max")
    table = pd.concat([by_trial[PREDICTED].first().rename("predicted"), of_seeds], axis=1).reset_index()
    ends = table[["predicted", "lowest", "highest"]]
    table["in_range"] = ((ends > FLOOR) & (ends < CEILING)).all(axis=1)
    return Agreement(table, *_fit(table[table["in_range"]]), len(table), trials - len(table))


def _fit(table: pd.DataFrame) -> tuple[float, float]:
    """R2 and the root mean square of the errors."""
    measured = table["measured"].to_numpy(dtype=float)
    if not measured.size:
        return np.nan, np.nan
    errors = measured - table["predicted"].to_numpy(dtype=float)
    r2 = 1 - np.mean(errors**2) / measured.var() if np.ptp(measured) > ROUNDING_DECADES else np.nan
    return float(r2), float(np.sqrt(np.mean(errors**2)))
