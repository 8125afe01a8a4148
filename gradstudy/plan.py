"""What a launch intends, as plain data: `planning.plan_study` makes it, and a page shows it."""

from dataclasses import dataclass

from gradstudy.analysis.ranking.power import Power
from gradstudy.records import StudyInfo, Trial
from gradstudy.search.screen.quality import Quality


@dataclass(frozen=True)
class Plan:
    """A study that would be run: its identity, its trials, and what they would cost.

    `trials` is the design, of a hunt trials like those that it will choose; `cohorts` are sizes in members. `asleep`
    are entries of the space that no option of this study has a key for, `unvaried` the overrides that fix others.
    `seconds` and `memory` (bytes, at the peak of one cohort) are estimates, None where there is none. `store` is the
    tracking address that would be used. `quality` and `power` are those of a design, and None where trials are not
    designed but chosen as the study goes, which `note` then says.
    As a rule `cure_members` are trained to try cures afterwards, which takes `cure_seconds`; `no_cures` says why none
    are.
    """

    info: StudyInfo
    asleep: tuple[str, ...]
    unvaried: tuple[str, ...]
    trials: tuple[Trial, ...]
    cohorts: tuple[int, ...]
    seconds: float | None
    memory: float | None
    store: str
    quality: Quality | None = None
    power: Power | None = None
    note: str = ""
    no_cures: str = ""
    cure_members: int = 0
    cure_seconds: float | None = None
