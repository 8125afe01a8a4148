"""Which changes of a failing configuration are worth a try, by the surrogate's chances and what stored trials had."""

import numpy as np

from gradstudy.analysis.prescription.candidates import Moves, readable_level
from gradstudy.analysis.prescription.experience import Experience, StartingPoint
from gradstudy.analysis.prescription.prescription import SHORTLIST
from gradstudy.analysis.space.coordinates import INACTIVE
from gradstudy.conclusions import MOST_CHANGES
from gradstudy.records import DUMMY

PER_CHANGE = 0.02
"""The chance for which one change less is as good."""
LENT, LENT_UNWELL = 0.8, 0.3
"""What the levels of a stored trial promise that is well on its few seeds, and those of the best where none is."""
LENDERS = 8
"""Stored trials whose levels are thought of."""


def proposals(experience: Experience, start: StartingPoint, most: int) -> list[np.ndarray]:
    """At most so many coded points [factor], the most promising first, each with other factors changed.

    Each raises the chance that one of those so far works by the most it can. The surrogate's joint sample paths know
    which changes would fail together, so the second is not the first with another number. Where it knows little, which
    is where few trials are well, all levels of one of those promise more than what it says of one to three changes;
    the last of several always are such levels: which of them are needed is seen by taking them back.
    """
    lent, promise = _lent(experience, start)
    draws = np.full((experience.settings.draws, len(lent)), promise)
    points, paths = _promised(experience, start)
    found, chances = _moved(experience, start.point, np.vstack([points, lent])), np.hstack([paths, draws])
    changed = _changed(start.point, found)
    worth = chances - PER_CHANGE * changed.sum(axis=1)
    best, usable = np.full(len(worth), -np.inf), changed.any(axis=1)
    chosen: list[int] = []
    while len(chosen) < most and usable.any():
        last = len(chosen) == most - 1 > 0 and len(lent) and not any(one >= len(points) for one in chosen)
        among = usable & (np.arange(len(found)) >= len(points)) if last else usable
        if not among.any():
            break
        chosen.append(int(np.where(among, np.maximum(best[:, None], worth).mean(axis=0), -np.inf).argmax()))
        best = np.maximum(best, worth[:, chosen[-1]])
        usable &= (changed != changed[chosen[-1]]).any(axis=1)
    return [found[one] for one in chosen]


def _moved(experience: Experience, start: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The points [point, factor] without the changes of numbers that are only the start's own, rounded for people."""
    settled = points.copy()
    for column, factor in enumerate(experience.screen.factors):
        if factor.is_number and start[column] != INACTIVE:
            settled[points[:, column] == readable_level(factor, float(start[column])), column] = start[column]
    return settled


def _changed(start: np.ndarray, points: np.ndarray) -> np.ndarray:
    """What was changed: [point, factor] of bool. Factors that fell asleep or woke up follow from that."""
    return np.asarray((start != INACTIVE) & (points != INACTIVE) & (start != points))


def _promised(experience: Experience, start: StartingPoint) -> tuple[np.ndarray, np.ndarray]:
    """One to three changes, and chances that they could have by the surrogate: [point, factor], [draw, point]."""
    chance, found = experience.chance, [start.point[None][:0]]
    if chance is not None and chance.decisive:
        for candidates in Moves(experience.screen, experience.well, chance).by_size(start.point, MOST_CHANGES):
            likely = np.argsort(-chance.expected(candidates.points), kind="stable")[:SHORTLIST]
            found.append(candidates.points[likely])
    points = np.vstack(found)
    if chance is None or not len(points):
        return points, np.empty((experience.settings.draws, 0))
    return points, chance.draws(points, experience.settings.draws)


def _lent(experience: Experience, start: StartingPoint) -> tuple[np.ndarray, float]:
    """All levels of stored trials, the nearest of those that are well first, else of the best: [point, factor].

    And the chance that they promise.
    """
    screen, some = experience.screen, experience.well.any()
    columns = [column for column, factor in enumerate(screen.factors) if factor.name != DUMMY.name]
    apart = np.abs(screen.points[:, columns] - start.point[columns]).clip(max=1.0).sum(axis=1)
    failing = experience.health["failing"].to_numpy()
    order = np.lexsort((apart, ~experience.well) if some else (np.max(experience.burdens, axis=0), failing))
    lenders = order[: min(LENDERS, int(experience.well.sum()) if some else 1)]
    points = screen.points[lenders].copy()
    for column, factor in enumerate(screen.factors):
        if factor.name == DUMMY.name:
            points[:, column] = start.point[column]
        elif factor.is_number:
            points[:, column] = [
                code if code == INACTIVE else readable_level(factor, code) for code in points[:, column]
            ]
    return points, LENT if some else LENT_UNWELL


def awake(experience: Experience, point: np.ndarray, donor: np.ndarray) -> np.ndarray:
    """The point with its conditional factors: as the donor has them where they wake up, none where they do not live."""
    whole = point.copy()
    for column, rule in experience.rules.items():
        lives = bool(rule.holds(point[None])[0])
        whole[column] = (donor[column] if point[column] == INACTIVE else point[column]) if lives else INACTIVE
    return whole
