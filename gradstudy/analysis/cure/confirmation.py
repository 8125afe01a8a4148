"""Cures of one failing configuration, tried on fresh seeds: what is to be run next, and what has come out.

Four steps. What looks promising is tried on a few seeds, beside the failing configuration itself. Of the best, every
change is taken back once: where it works without, the smaller one goes on (and again). Numbers are moved back towards
the start as far as they stay well. What is left is run on `seeds` further ones, which alone confirm it (see
`acceptance`); where that fails, the next best is.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradstudy.analysis.cure.acceptance import excluded_share, exploring_seeds
from gradstudy.analysis.cure.cure import Cure, NoConfirmation, Purpose, Tried
from gradstudy.analysis.cure.proposals import awake, proposals
from gradstudy.analysis.prescription.candidates import readable_level
from gradstudy.analysis.prescription.experience import Experience, StartingPoint
from gradstudy.analysis.prescription.prescription import changes_between, levels_at
from gradstudy.analysis.space.coordinates import INACTIVE
from gradstudy.records import Level, MemberRows

AS_MUCH = 0.05
"""Shares of the way that are the same: medians over a few seeds tell no finer."""
BACK = (1 / 3, 2 / 3)
"""The parts of its way at which a moved number is tried nearer to the start."""


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
        self._needed: dict[str, Tried] = {}
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
        after = self._after or max((one for one in self._tried if one.changes), key=_goodness, default=None)
        low, high = after.interval(confidence) if after is not None else (0.0, 1.0)
        return Cure(
            trial=self._start.trial,
            start=dict(self._start.levels),
            verdict=self._start.verdict,
            confidence=confidence,
            bound=excluded_share(len(self._fresh), self._cures, confidence),
            before=self._before,
            after=after,
            confirmed=self._reason is None,
            reason=self._reason,
            needed=dict(self._needed),
            tried=tuple(self._tried),
            low=low,
            high=high,
        )

    def _run(self, ways: Sequence[_Way], seeds: Sequence[range]) -> Generator[list[Ask], None, list[_Known]]:
        asks = [
            Ask(levels_at(self._experience, self._start, way.point), own) for way, own in zip(ways, seeds, strict=True)
        ]
        new = {ask.key: ask for ask in asks if ask.key not in self._rows}
        if new:
            yield list(new.values())
        known = [_Known(way.point, self._seen(way, ask)) for way, ask in zip(ways, asks, strict=True)]
        for one, ask in zip(known, asks, strict=True):
            if new.pop(ask.key, None):
                self._tried.append(one.tried)
        return known

    def _seen(self, way: _Way, ask: Ask) -> Tried:
        rows = self._rows[ask.key]
        return Tried(
            purpose=way.purpose,
            levels=ask.levels,
            changes=changes_between(self._start.levels, ask.levels),
            seeds=len(rows),
            well=sum(map(self._experience.is_well, rows)),
            learned=float(np.median([float(row["learned"]) for row in rows])),
            taken_back=None if way.taken_back is None else self._experience.screen.factors[way.taken_back].name,
        )

    def _steps(self) -> Generator[list[Ask], None, None]:
        proposed = [_Way(point, Purpose.PROPOSED) for point in proposals(self._experience, self._start, self._cures)]
        if not proposed:
            self._reason = NoConfirmation.NOTHING_TO_TRY
            return
        before = _Way(self._start.point, Purpose.BEFORE)
        first, *others = yield from self._run([before, *proposed], [self._fresh, *[self._few] * len(proposed)])
        self._before = first.tried
        if first.tried.all_well:
            self._reason = NoConfirmation.WELL_BEFORE
            return
        working = sorted(filter(self._works, others), key=self._preference, reverse=True)
        if not working:
            some = any(one.tried.all_well for one in others)
            self._reason = NoConfirmation.LEARNS_LESS if some else NoConfirmation.NONE_WELL
            return
        ladder = [*(yield from self._smaller(working[0])), *working[1:]]
        for chosen in ladder[: self._cures]:
            (last,) = yield from self._run([_Way(chosen.point, Purpose.CONFIRMING)], [self._fresh])
            if self._works(last):
                self._after, self._reason = last.tried, None
                return
        self._reason = NoConfirmation.NOT_AGAIN

    def _smaller(self, cure: _Known) -> Generator[list[Ask], None, list[_Known]]:
        """The smallest that works first, then those that it was made smaller from."""
        ladder = [cure]
        while len(columns := self._changed(ladder[0].point)) > 1:
            ways = [_Way(self._back(ladder[0].point, column, 1.0), Purpose.WITHOUT, column) for column in columns]
            known = yield from self._run(ways, [self._few] * len(ways))
            working = [one for one in known if self._works(one) and self._learns_half(one, ladder[0])]
            self._needed = {str(one.tried.taken_back): one.tried for one in known}
            if not working:
                break
            ladder.insert(0, max(working, key=self._preference))
        columns = self._changed(ladder[0].point)
        if len(columns) == 1 and self._before is not None:
            self._needed = {self._experience.screen.factors[columns[0]].name: self._before}
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
        known = yield from self._run(ways, [self._few] * len(ways))
        point, moved = cure.point.copy(), []
        for column in numbers:
            own = [one for one, way in zip(known, ways, strict=True) if way.taken_back == column]
            if all(map(self._works, own)):
                nearest = own[0]
                if nearest.tried.learned >= cure.tried.learned - AS_MUCH:
                    point[column] = nearest.point[column]
                    moved.append(nearest)
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

    def _works(self, one: _Known) -> bool:
        least = self._before.learned - AS_MUCH if self._before is not None else -np.inf
        return one.tried.all_well and one.tried.learned >= least

    def _learns_half(self, one: _Known, whole: _Known) -> bool:
        """Whether it learns half of what the whole cure does: else the change is needed for that."""
        return one.tried.learned >= min(whole.tried.learned / 2, whole.tried.learned)

    def _preference(self, one: _Known) -> tuple[float, ...]:
        return -len(self._changed(one.point)), one.tried.learned


def _goodness(one: Tried) -> tuple[float, ...]:
    """The best of what was tried has the largest share of well seeds, and learned most."""
    return one.well / one.seeds, one.learned
