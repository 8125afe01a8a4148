"""Which healthy trial is nearest to a configuration, and what sets them apart?"""

import numpy as np

from gradstudy.analysis.cure.experience import Experience
from gradstudy.analysis.cure.start import Start
from gradstudy.analysis.cure.support import agreement
from gradstudy.analysis.cure.words import Changes
from gradstudy.records import DUMMY


def nearest_healthy(experience: Experience, start: Start) -> tuple[int | None, Changes]:
    """The healthy trial that differs in the fewest factors (of equals, the closest one), and its differences.

    The factors are those that decide, where that is known, else all; (None, {}) where no trial is healthy.
    """
    if not experience.healthy.any():
        return None, {}
    screen, columns = experience.screen, _columns(experience)
    agrees = agreement(screen, start.point, columns)
    apart = np.abs(screen.points[:, columns] - start.point[columns]).clip(max=1.0).sum(axis=1)
    distance = np.where(experience.healthy, (~agrees).sum(axis=1) + apart / (len(columns) + 1), np.inf)
    which = int(distance.argmin())
    levels = experience.levels_of(which)
    names = [screen.factors[column].name for column, same in zip(columns, agrees[which], strict=True) if not same]
    return int(experience.trials[which]), {name: (start.levels.get(name), levels.get(name)) for name in names}


def _columns(experience: Experience) -> list[int]:
    known = experience.chance.decisive if experience.chance is not None else []
    return known or [c for c, factor in enumerate(experience.screen.factors) if factor.name != DUMMY.name]
