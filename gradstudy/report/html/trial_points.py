"""What came out of every trial of the screen, to be drawn as points?"""

from dataclasses import dataclass

import numpy as np

from gradstudy.analysis.outcome import outcome_of
from gradstudy.analysis.space import encode
from gradstudy.analysis.trial_words import verdicts_words
from gradstudy.records import SCREEN
from gradstudy.report.findings import Findings
from gradstudy.tracking.members_file import PHASE

KINDS = ("none", "some", "all")
"""How many members of a trial diverged?"""
MOST = 600
"""More points than this lie on top of each other; a random part of them shows the same."""


@dataclass(frozen=True)
class TrialPoints:
    """The trials that are drawn: their `numbers`, `values` (means over seeds) and `kinds`, all [trial].

    A kind is one of KINDS; `verdicts` counts a trial's members in words. `codes` has the coordinates [trial] by factor,
    -1 where it does not live. `total` counts the trials that there are.
    """

    numbers: np.ndarray
    values: np.ndarray
    kinds: np.ndarray
    verdicts: tuple[str, ...]
    codes: dict[str, np.ndarray]
    total: int


def trial_points(findings: Findings, response: str) -> TrialPoints:
    """Where does every trial lie, by the response that a ranking tells? A fixed random part of more than MOST."""
    members, factors = findings.members, findings.info.factors
    members = members[members[PHASE] == SCREEN]
    outcome = outcome_of(members, response, findings.info.steps)
    numbers = outcome.trials["trial"].to_numpy()
    drawn = np.sort(np.random.default_rng(0).permutation(len(numbers))[:MOST])
    sizes = np.bincount(outcome.row)
    kinds = np.select([outcome.diverged == 0, outcome.diverged == sizes], [KINDS[0], KINDS[2]], KINDS[1])
    shown = members[members["trial"].isin(numbers[drawn])].groupby("trial")
    codes = encode(outcome.trials.iloc[drawn], factors)
    return TrialPoints(
        numbers=numbers[drawn],
        values=outcome.shown[drawn],
        kinds=kinds[drawn],
        verdicts=tuple(map(verdicts_words, dict(iter(shown["verdict"])).values())),
        codes={factor.name: column for factor, column in zip(factors, codes.T, strict=True)},
        total=len(numbers),
    )
