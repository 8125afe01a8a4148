"""Is a trial healthy? Only when every one of its seeds is: a cure that fails on one seed in four is none."""

import pandas as pd

from gradstudy.records import FAILING, HEALTHY, VERDICTS, trial_verdict


def trial_health(members: pd.DataFrame) -> pd.DataFrame:
    """What became of each trial? One row per trial, in the order of their numbers.

    `members` has the columns trial, vanishing, exploding and verdict. `vanishing` and `exploding` are those of the
    worst seed, so that a trial is healthy exactly when both lie below their thresholds; `healthy` (bool); `verdict` is
    that of `trial_verdict`; `failing` and `seeds` count members.
    """
    counts = pd.crosstab(members["trial"], members["verdict"]).reindex(columns=list(VERDICTS), fill_value=0)
    health = members.groupby("trial")[["vanishing", "exploding"]].max()
    health["healthy"] = counts[HEALTHY] == counts.sum(axis=1)
    health["verdict"] = members.groupby("trial")["verdict"].agg(trial_verdict)
    health["failing"], health["seeds"] = counts[FAILING].sum(axis=1), counts.sum(axis=1)
    return health
