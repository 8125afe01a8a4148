"""What a hunt looks for: responses as numbers to be made small or large."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from gradstudy.errors import nearest
from gradstudy.records import MemberRows
from gradstudy.response import RESPONSES


@dataclass(frozen=True)
class Objective:
    """One response, and whether the least or the most harm is wanted."""

    response: str
    goal: str

    @property
    def sign(self) -> int:
        """1 where small values are wanted, -1 where large ones are."""
        return RESPONSES[self.response].harm * (1 if self.goal == "healthiest" else -1)

    @property
    def direction(self) -> Literal["minimize", "maximize"]:
        """In Optuna's words."""
        return "minimize" if self.sign > 0 else "maximize"

    @property
    def name(self) -> str:
        """What is counted, as a column is named: `|gain|` for a response whose size counts."""
        return f"|{self.response}|" if RESPONSES[self.response].signed else self.response

    def by_seed(self, rows: MemberRows) -> tuple[float, ...]:
        """What counts of each member of a trial, in the order of the seeds."""
        values = [row[self.response] for row in sorted(rows, key=lambda row: row["seed"])]
        return tuple(map(abs, values) if RESPONSES[self.response].signed else values)

    def mean(self, rows: MemberRows) -> float:
        """What counts of a trial: the mean over its seeds."""
        return fmean(self.by_seed(rows))


HUNTED = ("vanishing", "exploding", "learned")
"""What is hunted for where nothing else is asked: who only has healthy gradients may have learned nothing."""


def objectives_of(hunted: Mapping[str, Any]) -> tuple[Objective, ...]:
    """The objectives of a hunt as a study stores them: `{"goal": "worst", "objective": ["gain"]}`."""
    return tuple(Objective(response, hunted["goal"]) for response in hunted["objective"])


def check_responses(responses: Sequence[str]) -> None:
    """ValueError for what is no response, or named twice."""
    for response in responses:
        if response not in RESPONSES:
            near = nearest(response, RESPONSES)
            raise ValueError(f"objective must be some of {', '.join(RESPONSES)}, got {response!r}{near and '.' + near}")
    if len(set(responses)) < len(responses):
        raise ValueError(f"objective must name every response once, got {', '.join(responses)}")
