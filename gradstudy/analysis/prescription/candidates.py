"""The configurations one, two or three changes away. What a changed group brings along costs nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10

import numpy as np

from gradstudy.analysis.prescription.chance import Chance
from gradstudy.analysis.space.coordinates import INACTIVE, CodedTrials, Rule
from gradstudy.records import Factor, Level

GRID = 9
"""Values that a number is tried at, evenly spread over what was observed."""
DONORS = 8
"""Trials whose values are tried for the conditional factors that a change wakes up."""
BEAM = 60
"""Points from which a further change is tried."""


@dataclass(frozen=True)
class Candidates:
    """Coded points [point, factor] and, [point, factor] of bool, what was changed on the way there."""

    points: np.ndarray
    changed: np.ndarray

    def among(self, chosen: np.ndarray) -> "Candidates":
        return Candidates(self.points[chosen], self.changed[chosen])


def movable(screen: CodedTrials, rules: Mapping[int, Rule], columns: Sequence[int]) -> list[int]:
    """Those of the columns that may be changed: nobody knows where a factor without a rule lives.

    A change of its group could leave it where it does not.
    """
    unruled = [child for child in np.flatnonzero(~screen.lives.all(axis=0)) if child not in rules]
    groups = {screen.factors[child].name.partition(".")[0] for child in unruled}
    return [column for column in columns if screen.factors[column].name not in groups]


class Moves:
    """All changes of one factor: to another observed level, or to a value inside the observed range.

    Only what decides is changed. Where a change wakes conditional factors up, they take the middle of their range or
    what a stored trial had, one that is well first.
    """

    def __init__(self, screen: CodedTrials, well: np.ndarray, chance: Chance):
        self._screen, self._chance, self._space = screen, chance, chance.space
        self._columns = movable(screen, self._space.rules, chance.decisive)
        self._codes = {column: self._observed(column) for column in self._columns}
        self._order = np.argsort(~well, kind="stable")

    def by_size(self, start: np.ndarray, most: int) -> Iterator[Candidates]:
        """Every point one change away, then points two changes away from the most promising of those, and so on."""
        reached = Candidates(start[None], np.zeros((1, len(start)), dtype=bool))
        for _ in range(most):
            reached = self._further(reached)
            if not len(reached.points):
                return
            yield reached
            reached = reached.among(self._promising(reached))

    def _promising(self, reached: Candidates) -> np.ndarray:
        # The best of all, and the best of every set of factors: a change that does nothing alone may be half of a cure.
        order = np.argsort(-self._chance.expected(reached.points), kind="stable")
        _, best = np.unique(reached.changed[order], axis=0, return_index=True)
        return np.union1d(order[:BEAM], order[best])

    def _further(self, reached: Candidates) -> Candidates:
        points, changed = [reached.points[:0]], [reached.changed[:0]]
        for column in self._columns:
            free = reached.among((reached.points[:, column] != INACTIVE) & ~reached.changed[:, column])
            for code in self._codes[column]:
                other = free.among(free.points[:, column] != code)
                marked = other.changed.copy()
                marked[:, column] = True
                for moved in self._moved(other.points, column, code):
                    valid = self._is_valid(moved)
                    points.append(moved[valid])
                    changed.append(marked[valid])
        found = Candidates(np.vstack(points), np.vstack(changed))
        _, first = np.unique(np.hstack([found.points, found.changed]), axis=0, return_index=True)
        return found.among(np.sort(first))

    def _moved(self, points: np.ndarray, column: int, code: float) -> Iterator[np.ndarray]:
        moved = points.copy()
        moved[:, column] = code
        children = [child for child, rule in self._space.rules.items() if column in rule.parents]
        newborn = [(child, self._space.rules[child].holds(moved) & (moved[:, child] == INACTIVE)) for child in children]
        for child in children:
            moved[~self._space.rules[child].holds(moved), child] = INACTIVE
        if not any(born.any() for _, born in newborn):
            yield moved
            return
        for donor in self._donors(column, code, children):
            woken = moved.copy()
            for child, born in newborn:
                woken[born, child] = donor[child]
            yield woken

    def _donors(self, column: int, code: float, children: Sequence[int]) -> list[np.ndarray]:
        points = self._screen.points[self._order]
        there = points[points[:, column] == code]
        middle = self._screen.points[0].copy()
        for child in children:
            awake = there[there[:, child] != INACTIVE, child]
            middle[child] = _middle(awake, self._screen.factors[child]) if len(awake) else INACTIVE
        donors = there[:DONORS].copy()
        for child in children:
            factor = self._screen.factors[child]
            if factor.is_number:
                donors[:, child] = [
                    code if code == INACTIVE else readable_level(factor, code) for code in donors[:, child]
                ]
        return [middle, *donors]

    def _is_valid(self, points: np.ndarray) -> np.ndarray:
        valid = np.ones(len(points), dtype=bool)
        for child, rule in self._space.rules.items():
            valid &= rule.holds(points) == (points[:, child] != INACTIVE)
        return valid

    def _observed(self, column: int) -> list[float]:
        factor, stored = self._screen.factors[column], self._screen.points[:, column]
        seen = np.unique(stored[stored != INACTIVE])
        if not factor.is_number:
            return list(map(float, seen))
        return sorted({readable_level(factor, code) for code in np.linspace(seen[0], seen[-1], GRID)})


def _middle(codes: np.ndarray, factor: Factor) -> float:
    if factor.is_number:
        return readable_level(factor, float(codes.min() + codes.max()) / 2)
    found, counts = np.unique(codes, return_counts=True)
    return float(found[counts.argmax()])


def readable_level(factor: Factor, code: float) -> float:
    """The coded point nearest to this one whose number a person would write."""
    return float(factor.place(np.array([level_at(factor, code)], dtype=float))[0])


def level_at(factor: Factor, code: float) -> Level:
    """The level with this code. Numbers are rounded: on a log scale to two digits, else to about 1 % of the range."""
    if not factor.is_number:
        return factor.levels[int(code)]
    # Not `Factor.at`: that gives a whole number its piece of the range, where the nearest one is meant here.
    low, high = factor.low, factor.high
    value = float(low * (high / low) ** code if factor.log else low + code * (high - low))
    if factor.integer:
        return int(min(max(round(value), low), high))
    rounded = float(f"{value:.2g}") if factor.log else round(value, 2 - floor(log10(high - low)))
    return min(max(rounded, float(low)), float(high))
