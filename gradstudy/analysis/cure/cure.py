"""What came of trying cures: the changes of a failing configuration that were run on fresh seeds, with counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import scipy

from gradstudy.conclusions import Changes
from gradstudy.records import Level


class Purpose(StrEnum):
    """Why a configuration was run on fresh seeds."""

    BEFORE = "the failing configuration"
    PROPOSED = "proposed"
    WITHOUT = "a change taken back"
    NEARER = "a number moved back"
    CONFIRMING = "the cure, on seeds that took no part in choosing it"


class NoConfirmation(StrEnum):
    """Why there is no confirmed cure."""

    NOT_OVER = "not all has been run"
    NOTHING_TO_TRY = "nothing to try"
    WELL_BEFORE = "well on fresh seeds as it is"
    NONE_WELL = "none of what was tried is well"
    LEARNS_LESS = "what is well learns less than before"
    NOT_AGAIN = "what was well is not on further seeds"


@dataclass(frozen=True)
class Tried:
    """A configuration that was run on fresh seeds: how many of them are `well`, and what they `learned` (median).

    `healthy` counts those whose gradients are, whatever they learned, and `learners` those that learned, whatever their
    gradients did; None where nobody knows, since the task has no baseline.

    `changes` are those from the failing configuration, empty for that itself. `taken_back` names the factor whose
    change was taken back, or moved back, to see whether it is needed.
    """

    purpose: Purpose
    levels: Mapping[str, Level]
    changes: Changes
    seeds: int
    well: int
    learned: float
    taken_back: str | None = None
    healthy: int = 0
    learners: int | None = None

    @property
    def all_well(self) -> bool:
        return self.well == self.seeds

    def interval(self, confidence: float, *, healthy: bool = False) -> tuple[float, float]:
        """The ends between which the share of well seeds may lie, or of healthy ones. Wilson 1927."""
        ends = scipy.stats.binomtest(self.healthy if healthy else self.well, self.seeds).proportion_ci(
            confidence, method="wilson"
        )
        return float(ends.low), float(ends.high)


@dataclass(frozen=True, kw_only=True)
class Cure:
    """The smallest change that made a failing configuration well on fresh seeds; or the best that was tried.

    Attributes:
        trial: The stored trial where it starts, None for levels that no trial has.
        start: The levels there.
        verdict: What became of it; `stuck` where it is healthy and learned nothing.
        before: That configuration on fresh seeds; None while it has not been run.
        after: The cure on fresh seeds, or the best of what was tried; None where nothing was.
        confirmed: Whether all of the cure's seeds that took no part in choosing it are well, and learned no less.
        gradients_alone: Whether healthy gradients are all that is confirmed: nothing that learns was found.
        reason: Why it is not confirmed, else None.
        needed: By the changed factor, what came out without its change; the failing configuration itself where it is
            the only one. A factor that is missing here was not tested.
        tried: All that was run, in that order.
        low: The lower end of the interval of the share of fresh seeds on which `after` is well.
        high: Its upper end.
        confidence: The interval's coverage.
        bound: A change that is well on a smaller share of seeds would be confirmed in at most 1 - `confidence` of
            failing configurations.
        overrides: Hydra overrides that run `after`.
        command: The command that does.
    """

    trial: int | None
    start: Mapping[str, Level]
    verdict: str
    confidence: float
    bound: float
    before: Tried | None = None
    after: Tried | None = None
    confirmed: bool = False
    gradients_alone: bool = False
    reason: NoConfirmation | None = None
    needed: Mapping[str, Tried] = field(default_factory=dict)
    tried: tuple[Tried, ...] = ()
    low: float = 0.0
    high: float = 1.0
    overrides: tuple[str, ...] = ()
    command: str = ""

    @property
    def changes(self) -> Changes:
        """A factor's level before and after; empty where there is no cure and nothing was tried."""
        return self.after.changes if self.after is not None else {}

    @property
    def levels(self) -> Mapping[str, Level]:
        """All levels afterwards; those of the start where nothing was tried."""
        return self.after.levels if self.after is not None else self.start

    def good(self, one: Tried) -> int:
        """The seeds that count for one of those that were tried: the well ones, or the healthy ones."""
        return one.healthy if self.gradients_alone else one.well

    @property
    def note(self) -> str:
        """What was tried and what came of it, in plain words."""
        from gradstudy.words.cure_words import cure_note

        return cure_note(self)

    def _repr_html_(self) -> str:
        from gradstudy.notebook.cards import cure_card

        return cure_card(self)


class Cures(tuple[Cure, ...]):
    """Several of them, which a notebook shows one below the other."""

    def _repr_html_(self) -> str:
        from gradstudy.notebook.cards import cure_cards

        return cure_cards(self)
