"""How long networks train before they diverge; of one that never did it is known that it lasted to the end, no more.

Such times are right-censored: a mean over those that diverged would leave the best ones out. Members are compared by
their log-rank scores instead, whose sums over groups are what the log-rank test looks at. Sources: Nelson 1972;
Aalen 1978; Therneau, Grambsch & Fleming 1990 (martingale residuals).
"""

import numpy as np
import pandas as pd

from gradstudy.analysis.space.coordinates import CodedTrials
from gradstudy.analysis.space.levels import cut

SURVIVAL_COLUMNS = ["share_diverged", "median_step"]


def lasted(ends: np.ndarray, steps: int | None) -> np.ndarray:
    """The steps that each member trained before it diverged, or to the end, from its `ends`: inf where it never did.

    Where `steps` is not given, training is taken to end behind the last divergence that was seen.
    """
    last_seen = ends[np.isfinite(ends)].max(initial=-1.0)
    return np.asarray(np.minimum(ends, max(steps or 0, last_seen + 1.0)))


def log_rank_scores(times: np.ndarray, diverged: np.ndarray) -> np.ndarray:
    """Log-rank scores [member]: how much later each diverged than was to be expected, of times and events [member].

    The Nelson-Aalen cumulative hazard up to its time, less 1 where it diverged then: from -1 (the first of many) to the
    hazard of the whole training (never). They sum to 0.
    """
    moments, deaths = np.unique(times[diverged], return_counts=True)
    at_risk = len(times) - np.searchsorted(np.sort(times), moments, side="left")
    hazard = np.concatenate([[0.0], np.cumsum(deaths / at_risk)])
    return np.asarray(hazard[np.searchsorted(moments, times, side="right")] - diverged)


def survival_columns(levels: pd.DataFrame, screen: CodedTrials, trial: np.ndarray, ends: np.ndarray) -> pd.DataFrame:
    """`levels` with the share of a level's members that diverged, and the step at which half of them had.

    `levels` is that of `level_table` of this screen; `trial` [member] is the row of the screen that a member belongs
    to, `ends` [member] the step at which it diverged, inf where it never did. The median is Kaplan and Meier's: inf
    where fewer than half diverged.
    """
    found = {}
    for factor, column in zip(screen.factors, screen.points.T, strict=True):
        groups = cut(factor, column)
        for code, name in enumerate(groups.names):
            found[factor.name, name] = _half_way(ends[groups.codes[trial] == code])
    rows = [found[where] for where in zip(levels["factor"], levels["level"], strict=True)]
    return levels.assign(**dict(zip(SURVIVAL_COLUMNS, zip(*rows, strict=True), strict=True))) if rows else levels


def _half_way(ends: np.ndarray) -> tuple[float, float]:
    if not ends.size:
        return np.nan, np.nan
    return float(np.isfinite(ends).mean()), float(np.sort(ends)[(len(ends) - 1) // 2])
