"""Is a trial healthy? Only when every one of its seeds is: a cure that fails on one seed in four is none."""

import numpy as np
import pandas as pd

from gradstudy.records import VERDICTS

HEALTHY, *FAILING = VERDICTS


def trial_health(members: pd.DataFrame) -> pd.DataFrame:
    """What became of each trial? One row per trial, in the order of their numbers.

    `members` has the columns trial, vanishing, exploding and verdict. `vanishing` and `exploding` are those of the
    worst seed, so that a trial is healthy exactly when both lie below their thresholds; `healthy` (bool); `verdict` is
    the commonest among the seeds that fail (the worse one of equals); `failing` and `seeds` count members.
    """
    counts = pd.crosstab(members["trial"], members["verdict"]).reindex(columns=list(VERDICTS), fill_value=0)
    health = members.groupby("trial")[["vanishing", "exploding"]].max()
    health["healthy"] = counts[HEALTHY] == counts.sum(axis=1)
    commonest = counts[FAILING[::-1]].idxmax(axis=1)  # the first of equals: the worst comes first
    health["verdict"] = np.where(health["healthy"], HEALTHY, commonest)
    health["failing"], health["seeds"] = counts[FAILING].sum(axis=1), counts.sum(axis=1)
    return health
