"""Which changes of a failing configuration are worth a try, by the surrogate's chances and what stored trials had."""

from collections.abc import Iterator

import numpy as np

from gradstudy.analysis.prescription.candidates import Moves, movable
from gradstudy.analysis.prescription.experience import Experience, StartingPoint
from gradstudy.analysis.prescription.neighbours import likeness
from gradstudy.analysis.prescription.prescription import SHORTLIST
from gradstudy.analysis.space.coordinates import INACTIVE
from gradstudy.conclusions import MOST_CHANGES
from gradstudy.records import DUMMY

PER_CHANGE = 0.02
"""The chance for which one change less is as good."""


def proposals(experience: Experience, start: StartingPoint, most: int) -> list[np.ndarray]:
    """At most so many coded points [factor], the most promising first, each with other factors changed.

    The last of several is what a stored trial had that is well, or of none the nearest to it, if the surrogate does not
    propose the same factors.
    """
    promised = list(_promised(experience, start, most))
    known = {_changed(start.point, point) for point in promised}
    for point in _lent(experience, start):
        if _changed(start.point, point) not in known:
            promised = [*promised[: max(most - 1, 1)], point]
            break
    return promised[:most]


def _changed(start: np.ndarray, point: np.ndarray) -> tuple[bool, ...]:
    # Factors that fell asleep or woke up follow from what was changed.
    both = (start != INACTIVE) & (point != INACTIVE)
    return tuple((both & (start != point)).tolist())


def _promised(experience: Experience, start: StartingPoint, most: int) -> Iterator[np.ndarray]:
    """By the surrogate: each raises the chance that one of those so far works by the most it can.

    Joint sample paths know which changes would fail together, so the second is not the first with another number.
    """
    chance = experience.chance
    if chance is None or not chance.decisive:
        return
    points, sets = [], []
    for candidates in Moves(experience.screen, experience.well, chance).by_size(start.point, MOST_CHANGES):
        short = candidates.among(np.argsort(-chance.expected(candidates.points), kind="stable")[:SHORTLIST])
        points.append(short.points)
        sets.append(short.changed)
    if not points:
        return
    found, changed = np.vstack(points), np.vstack(sets)
    draws = chance.draws(found, experience.settings.draws) - PER_CHANGE * changed.sum(axis=1)
    best, open_ = np.full(len(draws), -np.inf), np.ones(len(found), dtype=bool)
    for _ in range(most):
        if not open_.any():
            return
        worth = np.where(open_, np.maximum(best[:, None], draws).mean(axis=0), -np.inf)
        chosen = int(worth.argmax())
        yield found[chosen]
        best = np.maximum(best, draws[:, chosen])
        open_ &= (changed != changed[chosen]).any(axis=1)


def _lent(experience: Experience, start: StartingPoint) -> Iterator[np.ndarray]:
    """What stored trials had in the factors that decide, the fewest changes first; the best trials where none is well.

    Where they differ in too many, those that decide most.
    """
    screen, chance = experience.screen, experience.chance
    columns = list(chance.decisive) if chance is not None and chance.decisive else []
    columns = columns or [column for column, factor in enumerate(screen.factors) if factor.name != DUMMY.name]
    columns = movable(screen, experience.rules, columns)
    agrees = likeness(screen, start.point, columns)
    if experience.well.any():
        rows = np.flatnonzero(experience.well)
        order = rows[np.argsort((~agrees[rows]).sum(axis=1), kind="stable")]
    else:
        order = np.lexsort((np.max(experience.burdens, axis=0), experience.health["failing"].to_numpy()))
    for row in order.tolist():
        donor = screen.points[row]
        differing = [column for column, same in zip(columns, agrees[row], strict=True) if not same]
        groups = [column for column in differing if INACTIVE not in (donor[column], start.point[column])]
        point = start.point.copy()
        point[groups[:MOST_CHANGES]] = donor[groups[:MOST_CHANGES]]
        yield awake(experience, point, donor)


def awake(experience: Experience, point: np.ndarray, donor: np.ndarray) -> np.ndarray:
    """The point with its conditional factors: as the donor has them where they wake up, none where they do not live."""
    whole = point.copy()
    for column, rule in experience.rules.items():
        lives = bool(rule.holds(point[None])[0])
        whole[column] = (donor[column] if point[column] == INACTIVE else point[column]) if lives else INACTIVE
    return whole
