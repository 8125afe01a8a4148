"""Cures of one failing configuration, tried on fresh seeds: what is to be run next, and what has come out.

Four steps. What looks promising is tried on a few seeds, beside the failing configuration itself. Of the best, every
change is taken back once: where it works without, the smaller one goes on (and again). Numbers are moved back towards
the start as far as they stay well. What is left is run on `seeds` further ones, which alone confirm it (see
`acceptance`); where that fails, the next best is made smaller, and tested.
"""

from collections.abc import Generator, Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

import numpy as np

from gradstudy.analysis.cure.acceptance import SEED_GROUPS, excluded_share, exploring_seeds, goes_on, passes
from gradstudy.analysis.cure.cure import Cure, NoConfirmation, Purpose, Tried
from gradstudy.analysis.cure.proposals import awake, proposals
from gradstudy.analysis.prescription.candidates import readable_level
from gradstudy.analysis.prescription.experience import Experience, StartingPoint
from gradstudy.analysis.prescription.prescription import changes_between, levels_at
from gradstudy.analysis.space.coordinates import INACTIVE
from gradstudy.records import HEALTHY, LEARNED, STUCK, UNTRAINED, Level, MemberRows

AS_MUCH = 0.05
"""Shares of the way that are the same: medians over a few seeds tell no finer."""
BACK = (1 / 4, 1 / 2, 3 / 4)
"""The parts of its way at which a moved number is tried nearer to the start."""


def usually_asked(cures: int, seeds: int) -> int:
    """The members that a failing configuration costs as a rule: one test, looks at proposals and at some seven more.

    By planted truths 53 to 59 in the mean where three are proposed and eight seeds confirm; single ones take four times
    that, where whole stored trials are lent, each of their levels is taken back, and what was left fails the test.
    """
    return 2 * seeds + exploring_seeds(seeds) * (cures + 7)


class Ask(NamedTuple):
    """A configuration to be run on fresh seeds, which are counted from 0: the driver's are its budget's and on."""

    levels: Mapping[str, Level]
    seeds: range

    @property
    def key(self) -> tuple[Any, ...]:
        """The same for the same levels and seeds."""
        return (*sorted(self.levels.items()), self.seeds)


class _Way(NamedTuple):
    """A coded point [factor] to be run, why, and the factor whose change it takes back."""

    point: np.ndarray
    purpose: Purpose
    taken_back: int | None = None


class _Known(NamedTuple):
    """What came out of a way."""

    point: np.ndarray
    tried: Tried


class Confirmation:
    """The procedure for one failing configuration, step by step.

    Args:
        experience: The measured trials of a screen.
        start: The failing configuration.
        cures: How many changes are proposed, and how many are put to the last test, at most.
        seeds: The fresh seeds that confirm a cure.

    It is deterministic: told the same, it asks the same.
    """

    def __init__(self, experience: Experience, start: StartingPoint, *, cures: int, seeds: int):
        self._experience, self._start, self._cures = experience, start, cures
        few = exploring_seeds(seeds)
        self._few, self._fresh = range(few), range(few, few + seeds)
        self._tried: list[Tried] = []
        self._before: Tried | None = None
        self._after: Tried | None = None
        self._alone = False  # whether healthy gradients are all that is looked for
        self._reason: NoConfirmation | None = NoConfirmation.NOT_OVER
        self._rows: dict[tuple[Any, ...], MemberRows] = {}
        self._course = self._steps()
        self._round = next(self._course, [])

    def asks(self) -> list[Ask]:
        """What is to be run now, side by side; the same until all of it is told. Nothing when it is over."""
        return [ask for ask in self._round if ask.key not in self._rows]

    def tell(self, ask: Ask, rows: MemberRows) -> None:
        """What came of one of these: a row for each of its seeds."""
        self._rows[ask.key] = rows
        if not self.asks():
            self._round = next(self._course, [])

    @property
    def found(self) -> Cure:
        """The cure, or the best of what was tried so far."""
        confidence = self._experience.settings.confidence
        after = self._after or max((one for one in self._tried if one.changes), key=self._merit, default=None)
        low, high = after.interval(confidence, healthy=self._alone) if after is not None else (0.0, 1.0)
        return Cure(
            trial=self._start.trial,
            start=dict(self._start.levels),
            verdict=self._start.verdict,
            confidence=confidence,
            bound=excluded_share(len(self._fresh), self._cures, confidence),
            before=self._before,
            after=after,
            confirmed=self._reason is None,
            gradients_alone=self._reason is None and self._of_gradients(after),
            reason=self._reason,
            needed=self._needed(after),
            tried=tuple(self._tried),
            low=low,
            high=high,
        )

    def _asks(self, points: Sequence[np.ndarray], seeds: range) -> list[Ask]:
        return [Ask(levels_at(self._experience, self._start, point), seeds) for point in points]

    def _measured(self, points: Sequence[np.ndarray], seeds: range) -> Generator[list[Ask], None, list[MemberRows]]:
        """The rows of these points on these seeds; what is known already is not run again."""
        asks = self._asks(points, seeds)
        new = {ask.key: ask for ask in asks if ask.key not in self._rows}
        if new:
            yield list(new.values())
        return [self._rows[ask.key] for ask in asks]

    def _looked(self, ways: Sequence[_Way]) -> Generator[list[Ask], None, list[_Known]]:
        """What came of these on a few seeds."""
        rows = yield from self._measured([way.point for way in ways], self._few)
        known = [_Known(way.point, self._seen(way, own)) for way, own in zip(ways, rows, strict=True)]
        listed = {frozenset(one.levels.items()) for one in self._tried}
        for one in known:
            if frozenset(one.tried.levels.items()) not in listed:
                self._tried.append(one.tried)
                listed.add(frozenset(one.tried.levels.items()))
        return known

    def _seen(self, way: _Way, rows: MemberRows) -> Tried:
        levels = levels_at(self._experience, self._start, way.point)
        return Tried(
            purpose=way.purpose,
            levels=levels,
            changes=changes_between(self._start.levels, levels),
            seeds=len(rows),
            well=sum(map(self._experience.is_well, rows)),
            learned=float(np.median([float(row["learned"]) for row in rows])),
            healthy=sum(row["verdict"] == HEALTHY for row in rows),
            learners=_learners(rows),
            taken_back=None if way.taken_back is None else self._experience.screen.factors[way.taken_back].name,
        )

    def _steps(self) -> Generator[list[Ask], None, None]:
        proposed = [_Way(point, Purpose.PROPOSED) for point in proposals(self._experience, self._start, self._cures)]
        if not proposed:
            self._reason = NoConfirmation.NOTHING_TO_TRY
            return
        before = _Way(self._start.point, Purpose.BEFORE)
        # In one round: both are asked before either is told.
        points, few = [way.point for way in proposed], self._few
        yield [*self._asks([before.point], self._fresh), *self._asks(points, few)]
        self._before = self._seen(before, self._rows[self._asks([before.point], self._fresh)[0].key])
        self._tried.append(self._before)
        others = yield from self._looked(proposed)
        if self._before.all_well:
            self._reason = NoConfirmation.WELL_BEFORE
            return
        confirmed = yield from self._climbed(others)
        if not confirmed and self._experience.judges_learning and self._start.verdict != STUCK:
            self._alone = True
            self._alone = yield from self._climbed(others)

    def _climbed(self, others: Sequence[_Known]) -> Generator[list[Ask], None, bool]:
        """Makes the best of these smaller, and confirms what is left, or so the next best; whether one is confirmed."""
        working = sorted(filter(self._works, others), key=self._preference, reverse=True)
        best = working[0] if working else max(others, key=lambda one: self._merit(one.tried))
        good, left = self._good(best.tried), self._cures
        nearly = good >= max(best.tried.seeds - 1, 1)
        for whole in working or [best] * (good > 0):
            if not left:
                break
            ladder = (yield from self._smaller(whole)) if nearly else [whole]
            for chosen in ladder[:left]:
                left -= 1
                last, confirmed = yield from self._confirm(chosen.point)
                if confirmed:
                    self._after, self._reason = last, None
                    return True
                if not self._alone:
                    self._after = max(filter(None, [self._after, last]), key=self._merit)
        if not self._alone:
            some = any(one.tried.all_well for one in others)
            unwell = NoConfirmation.LEARNS_LESS if some else NoConfirmation.NONE_WELL
            self._reason = NoConfirmation.NOT_AGAIN if working else unwell
        return False

    def _confirm(self, point: np.ndarray) -> Generator[list[Ask], None, tuple[Tried, bool]]:
        """What came of it on groups of fresh seeds, and whether that confirms it."""
        rows: list[Mapping[str, Any]] = []
        for groups in range(1, SEED_GROUPS + 1):
            first = self._fresh.start + len(rows)
            (more,) = yield from self._measured([point], range(first, first + len(self._fresh)))
            rows.extend(more)
            last = self._seen(_Way(point, Purpose.CONFIRMING), rows)
            if not goes_on(self._good(last), last.seeds, groups):
                break
        if last not in self._tried:
            self._tried.append(last)
        return last, passes(self._good(last), last.seeds, groups) and self._learns_no_less(last)

    def _smaller(self, cure: _Known) -> Generator[list[Ask], None, list[_Known]]:
        """The smallest that works first, then those that it was made smaller from.

        What is needless by itself is taken back together, which saves rounds; what works is looked at again.
        """
        ladder = [cure]
        while len(columns := self._changed(ladder[0].point)) > 1:
            whole = ladder[0].point
            ways = [_Way(self._back(whole, column, 1.0), Purpose.WITHOUT, column) for column in columns]
            known = yield from self._looked(ways)
            needless = [
                (one, column)
                for one, column in zip(known, columns, strict=True)
                if self._works(one) and self._learns_half(one, cure)
            ]
            if not needless:
                break
            ladder.insert(0, max((one for one, _ in needless), key=self._preference))
            if 1 < len(needless) < len(columns):
                for _, column in needless:
                    whole = self._back(whole, column, 1.0)
                (together,) = yield from self._looked([_Way(whole, Purpose.WITHOUT)])
                if self._works(together) and self._learns_half(together, cure):
                    ladder.insert(0, together)
        nearer = yield from self._nearer(ladder[0])
        return [*([nearer] if nearer is not None else []), *ladder]

    def _nearer(self, cure: _Known) -> Generator[list[Ask], None, _Known | None]:
        """The cure with its numbers nearer to the start, where it learns more or as much; None where there is none.

        The last value that works is left as a margin: the edge lies right behind it.
        """
        factors = self._experience.screen.factors
        numbers = [column for column in self._changed(cure.point) if factors[column].is_number]
        ways = [
            _Way(self._back(cure.point, column, part), Purpose.NEARER, column) for column in numbers for part in BACK
        ]
        if not ways:
            return None
        known = yield from self._looked(ways)
        point, moved = cure.point.copy(), []
        for column in numbers:
            own = [one for one, way in zip(known, ways, strict=True) if way.taken_back == column]
            inside = [cure, *takewhile(self._works, own)][:-1]
            enough = max(one.tried.learned for one in [cure, *inside]) - AS_MUCH
            nearest = [one for one in inside if one.tried.learned >= enough][-1:]
            if nearest and nearest[0] is not cure:
                point[column] = nearest[0].point[column]
                moved.append(nearest[0])
        return _Known(point, moved[0].tried) if moved else None

    def _changed(self, point: np.ndarray) -> list[int]:
        """The columns of what was changed, without what that brought along or took away."""
        start = self._start.point
        return np.flatnonzero((start != INACTIVE) & (point != INACTIVE) & (start != point)).tolist()

    def _back(self, point: np.ndarray, column: int, part: float) -> np.ndarray:
        """The point with one factor so far back on its way from the start."""
        moved, start, factor = point.copy(), self._start.point, self._experience.screen.factors[column]
        moved[column] = start[column]
        if part < 1.0:
            moved[column] = readable_level(factor, float(point[column] + part * (start[column] - point[column])))
        return awake(self._experience, moved, start)

    def _needed(self, after: Tried | None) -> dict[str, Tried]:
        """What came out without each of its changes: of what was tried, on most seeds."""
        made = _made(after) if after is not None else set()
        found = {}
        for name in sorted(made):
            without = [one for one in self._tried if _made(one) == made - {name}]
            if without:
                found[name] = max(without, key=lambda one: (one.seeds, *self._merit(one)))
        return found

    def _good(self, one: Tried) -> int:
        """The seeds that count for it."""
        return one.healthy if self._alone else one.well

    def _of_gradients(self, after: Tried | None) -> bool:
        """Whether a cure is one of gradients alone: learning was not asked of it, and did not come by itself."""
        asked = self._experience.judges_learning and not self._alone
        return not asked and after is not None and after.learners is not None and after.learners < after.seeds

    def _merit(self, one: Tried) -> tuple[float, ...]:
        """The best of what was tried has the largest share of well seeds, and learned most."""
        return self._good(one) / one.seeds, one.learned

    def _works(self, one: _Known) -> bool:
        return self._good(one.tried) == one.tried.seeds and self._learns_no_less(one.tried)

    def _learns_no_less(self, one: Tried) -> bool:
        return self._before is None or one.learned >= self._before.learned - AS_MUCH

    def _learns_half(self, one: _Known, whole: _Known) -> bool:
        """Whether it learns half of what the whole cure does: else the change is needed for that."""
        return one.tried.learned >= min(whole.tried.learned / 2, whole.tried.learned)

    def _preference(self, one: _Known) -> tuple[float, ...]:
        return -len(self._changed(one.point)), one.tried.learned


def _made(one: Tried) -> set[str]:
    """The factors that were changed, without what that brought along or took away."""
    return {name for name, pair in one.changes.items() if None not in pair}


def _learners(rows: MemberRows) -> int | None:
    """How many learned; None where nobody knows."""
    outcomes = [row["outcome"] for row in rows]
    return None if set(outcomes) == {UNTRAINED} else outcomes.count(LEARNED)
