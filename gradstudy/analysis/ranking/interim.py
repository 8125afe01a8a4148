"""What a response seems to depend on while its screen is still running: tests alone, no surrogate and no shares."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from gradstudy.analysis.ranking.causes import tested
from gradstudy.analysis.ranking.confounding import confounded
from gradstudy.analysis.ranking.trial_outcomes import known_members, trial_outcomes
from gradstudy.analysis.settings import Analysis
from gradstudy.analysis.space.coordinates import CodedTrials, encode
from gradstudy.records import DUMMY, Factor

FEWEST_FOR_INTERIM = 32
"""Trials before which nothing is said: of fewer, the first cohorts hold too few combinations to tell factors apart."""
STRICTER = 5.0
"""Ten looks at growing data, each at a fifth of the level, give as many false alarms as one at all of it (Pocock
1977)."""


@dataclass(frozen=True)
class InterimLook:
    """The factors that a response depends on, as far as `trials` trials show.

    `seen` are significant, smallest p first. `tied` are too, but went hand in hand with another factor so far: networks
    of one shape are trained together, so that the first trials are no random part of all.
    """

    response: str
    trials: int
    seen: tuple[str, ...]
    tied: tuple[str, ...]


def interim_look(
    members: pd.DataFrame, factors: Sequence[Factor], response: str, settings: Analysis, *, steps: int | None = None
) -> InterimLook | None:
    """The factors that the response depends on so far; None while there are too few trials to say.

    `members` are rows of a randomised screen, as `gradstudy.analysis.ranking.ranking.rank` takes them.
    """
    members = known_members(members, response)
    if members["trial"].nunique() < FEWEST_FOR_INTERIM:
        return None
    outcome = trial_outcomes(members, response, steps)
    screen = CodedTrials(tuple(factors), encode(outcome.trials, factors), outcome.ranked)
    found = tested(screen).assign(tied=confounded(screen)).sort_values("p")
    found = found[(found["p"] < (1.0 - settings.confidence) / STRICTER) & (found["factor"] != DUMMY.name)]
    seen, tied = (tuple(found.loc[found["tied"] == which, "factor"]) for which in (False, True))
    return InterimLook(response, len(outcome.trials), seen, tied)
