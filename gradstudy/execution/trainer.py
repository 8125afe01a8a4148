"""Trains cohorts, whatever is lost on the way: what failed is cut smaller until it fits, or the culprit is alone."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from math import inf

from gradstudy.execution.executor import Coming, Lost, Runner
from gradstudy.records import MemberRecord
from gradstudy.training.cohort import Cohort, halves, shape
from gradstudy.training.engine import train

Trained = tuple[Cohort, list[MemberRecord] | Lost]
"""A cohort, or a part of one, with its records; or with the reason why its trial has none."""


class Trainer:
    """Trains cohorts with a runner, for a whole study: what did not fit once is not tried again.

    What is lost is done again by itself where that may have been an accident. What is lost again is halved, as often as
    it takes: into trials, and where memory ran out into members. Members do not depend on how cohorts are cut.
    """

    def __init__(self, runner: Runner):
        self._runner = runner
        self._too_many: dict[Hashable, int] = {}
        self._short: Counter[Hashable] = Counter()

    def __call__(self, cohorts: Sequence[Cohort]) -> Iterator[Trained]:
        """Trains these side by side, from now on; each comes back whole or in parts, every member once at most.

        A part that is Lost is of one trial, which has failed.
        """
        parts = [part for cohort in cohorts for part in self._fitting(cohort)]
        return self._side_by_side(parts, self._runner(train, parts))

    def _side_by_side(self, parts: Sequence[Cohort], results: Coming[list[MemberRecord]]) -> Iterator[Trained]:
        left, lost = dict(enumerate(parts)), []
        with closing(results):
            for index, outcome in results:
                cohort = left.pop(index)
                if not isinstance(outcome, Lost):
                    yield cohort, outcome
                    continue
                lost.append((cohort, outcome))
                self._short[shape(cohort)] += outcome.memory
                if outcome.memory and self._short[shape(cohort)] > 1:  # others like it would die too, one by one
                    break
        for cohort, loss in lost:
            yield from self._again(cohort, loss)
        if left:
            yield from self([*left.values()])

    def _again(self, cohort: Cohort, loss: Lost) -> Iterator[Trained]:
        """The same by itself, with all the memory that there is, where its loss may have been an accident."""
        outcome = self._alone(cohort) if loss.by_accident else loss
        if loss.memory and (isinstance(outcome, Lost) or self._short[shape(cohort)] > 1):
            self._too_many[shape(cohort)] = len(cohort.members)
        if isinstance(outcome, Lost):
            yield from self._in_halves(cohort, outcome)
        else:
            yield cohort, outcome

    def _in_halves(self, cohort: Cohort, loss: Lost) -> Iterator[Trained]:
        """The parts of a cohort that is lost as a whole; the culprit alone where it has none."""
        parts = _halved(cohort, members_too=loss.memory)
        if not parts:
            yield cohort, loss
        elif loss.memory:
            yield from self._one_by_one(parts)
        else:
            for index, outcome in self._runner(train, parts):
                if isinstance(outcome, Lost):
                    yield from self._in_halves(parts[index], outcome)
                else:
                    yield parts[index], outcome

    def _one_by_one(self, parts: Sequence[Cohort]) -> Iterator[Trained]:
        """Those that ran out of memory together; of a trial no more once a member of it does not fit by itself."""
        failed: set[int] = set()
        for part in parts:
            if failed.issuperset(member.trial for member in part.members):
                continue
            outcome = self._alone(part)
            if not isinstance(outcome, Lost):
                yield part, outcome
                continue
            self._too_many[shape(part)] = min(self._too_many.get(shape(part), len(part.members)), len(part.members))
            for cohort, found in self._in_halves(part, outcome):
                if isinstance(found, Lost):
                    failed.update(member.trial for member in cohort.members)
                yield cohort, found

    def _alone(self, cohort: Cohort) -> list[MemberRecord] | Lost:
        ((_, outcome),) = self._runner(train, [cohort])
        return outcome

    def _fitting(self, cohort: Cohort) -> Iterator[Cohort]:
        """The cohort in parts that are smaller than what did not fit before."""
        parts = _halved(cohort, members_too=True)
        if parts and len(cohort.members) >= self._too_many.get(shape(cohort), inf):
            for part in parts:
                yield from self._fitting(part)
        else:
            yield cohort


def _halved(cohort: Cohort, *, members_too: bool) -> list[Cohort]:
    """Two cohorts of half its trials each; with `members_too` one of a single trial is halved too. Else none."""
    trials = list(dict.fromkeys(member.trial for member in cohort.members))
    if len(trials) > 1:
        groups = [tuple(m for m in cohort.members if m.trial in half) for half in halves(tuple(trials))]
    else:
        groups = halves(cohort.members) if members_too and len(cohort.members) > 1 else []
    return [
        replace(cohort, members=group, parts={member.trial: cohort.parts[member.trial] for member in group})
        for group in groups
    ]
