"""What a study in progress has found so far: a glimpse in a line, which the ranking at its end may take back."""

import time
from collections.abc import Callable

import pandas as pd

from gradstudy.analysis.ranking.ranking import InterimLook, interim_look
from gradstudy.analysis.responses.outcomes import well
from gradstudy.analysis.settings import Analysis
from gradstudy.records import DUMMY, HUNT, SCREEN, MemberRows, StudyInfo, Trial
from gradstudy.search.best import best_trials
from gradstudy.search.objective import objectives_of
from gradstudy.tracking.members_file import PHASE, Stored, members_table
from gradstudy.words.number_words import compact
from gradstudy.words.prescription_words import and_list

MOST_LOOKS = 10
"""A study is looked at so often while it runs, at most."""
SHORTEST = 10.0
"""Seconds between two looks."""
WORTH = 100
"""A look may take one part in so many of the time until the next one."""


class SoFar:
    """Collects the finished trials of a study, those `stored` by earlier launches among them, and looks now and then.

    `words` are what the last look saw: nothing where it is too early to say. `clock` gives seconds.
    """

    def __init__(
        self, info: StudyInfo, settings: Analysis, stored: Stored, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._info, self._settings, self._stored, self._clock = info, settings, dict(stored), clock
        self._looked, self._seen, self._cost = clock(), len(stored), 0.0
        self.words = ""

    def add(self, trial: Trial, rows: MemberRows) -> None:
        """One more trial is done: the rows of its members. Looks where a look is due, some ms per hundred trials."""
        self._stored[trial.number] = (trial, rows)
        start, count = self._clock(), len(self._stored)
        enough = MOST_LOOKS * (count - self._seen) >= self._info.trials
        if enough and start - self._looked >= max(SHORTEST, WORTH * self._cost):
            self.words = self._look()
            self._looked, self._seen = self._clock(), count
            self._cost = self._looked - start

    def _look(self) -> str:
        members = members_table(self._stored, self._info.factors)
        of = {phase: members[members[PHASE] == phase] for phase in self._info.phases}
        parts = (self._screened(of[SCREEN]) if SCREEN in of else "", self._hunted(of[HUNT]) if HUNT in of else "")
        return ". ".join(filter(None, parts))

    def _screened(self, members: pd.DataFrame) -> str:
        info, settings = self._info, self._settings
        every = (interim_look(members, info.factors, name, settings, steps=info.steps) for name in settings.responses)
        looks = [look for look in every if look]
        if not looks:
            return ""
        return f"So far, by the tests alone: {'; '.join(map(_of_response, looks))} ({looks[0].trials} trials)"

    def _hunted(self, members: pd.DataFrame) -> str:
        objectives, names = objectives_of(self._info.hunted), [f.name for f in self._info.factors if f != DUMMY]
        best = best_trials(members, names, objectives, well=well(members), seeds=self._info.seeds, count=1)
        if best.empty:
            return ""
        counted = and_list([f"{one.name} {compact(best[one.name].iloc[0])}" for one in objectives])
        return f"The {objectives[0].goal} so far is trial {best['trial'].iloc[0]}: {counted}"


def _of_response(look: InterimLook) -> str:
    if not look.seen and not look.tied:
        return f"nothing moves {look.response} for sure"
    surely = f"with {and_list(look.seen)}" if look.seen else ""
    perhaps = f"perhaps with {' or '.join(look.tied)}" if look.tied else ""
    return f"{look.response} moves {', '.join(filter(None, (surely, perhaps)))}"
