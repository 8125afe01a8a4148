"""Who does well: gradients within bounds, and something learned where that was possible."""

import numpy as np
import pandas as pd

from gradstudy.records import FAILING, HEALTHY, LEARNED, STUCK


def enough_budget(members: pd.DataFrame) -> bool:
    """Whether some trial of these learned on all of its seeds: others could have had time for it.

    A single lucky seed of hundreds is no evidence that the budget is enough.
    """
    return bool((members["outcome"] == LEARNED).groupby(members["trial"]).all().any())


def well(members: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each member's gradients are healthy, and it learned wherever the budget was enough for that.

    Where no trial learned, the budget was too short for anybody, and being stuck is held against none.
    """
    healthy = members["verdict"] == HEALTHY
    return healthy & (members["outcome"] != STUCK) if enough_budget(members) else healthy


def trial_verdicts(members: pd.DataFrame) -> "pd.Series[str]":
    """The verdict of each trial, in the order of their numbers: what `trial_verdict` says of one, of thousands."""
    counts = pd.DataFrame({one: members["verdict"] == one for one in FAILING}).groupby(members["trial"]).sum()
    worst = (counts.to_numpy() * len(FAILING) + np.arange(len(FAILING))).argmax(axis=1)
    said = np.where(counts.any(axis=1), np.array(FAILING, dtype=object)[worst], HEALTHY)
    return pd.Series(said.tolist(), index=counts.index, name="verdict")
