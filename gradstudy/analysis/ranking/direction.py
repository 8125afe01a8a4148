"""Which way a factor moves a response, in words."""

import numpy as np
from scipy import stats

from gradstudy.analysis.space.coordinates import INACTIVE
from gradstudy.analysis.space.levels import Cut, against, cut
from gradstudy.conclusions import UNCLEAR
from gradstudy.records import Factor
from gradstudy.response import RANKED


def direction(factor: Factor, coordinates: np.ndarray, values: np.ndarray, *, response: str, level: float) -> str:
    """Which way this factor, whose test was significant, moves the response, and by how much.

    Coordinates and trial means [trial]; means where the factor lives. `level` is the p-value above which no trend over
    a number, and no difference of means, is claimed.
    """
    lives, unit = coordinates != INACTIVE, RANKED[response].amount_unit
    values, groups = values[lives], cut(factor, coordinates[lives])
    if not len(values) or np.ptp(values) == 0.0:
        return UNCLEAR
    if factor.is_number:
        return _number_direction(factor.name, coordinates[lives], groups, values, unit=unit, level=level)
    return _level_direction(groups, values, unit=unit, level=level)


def _level_direction(groups: Cut, values: np.ndarray, *, unit: str, level: float) -> str:
    # The two levels that lie furthest apart of those whose interval says that they do: the test may be one of ranks,
    # which can differ where the means do not, and the furthest level of all may be a rare one.
    apart = []
    for base in np.flatnonzero(groups.counts() > 1):
        found = against(groups, values, int(base), 1.0 - level)
        clear = (groups.counts() > 1) & (found["effect"] > 0.0) & ~(found["effect_low"] <= 0.0)
        apart += [(float(found["effect"][one]), groups.names[one], groups.names[base]) for one in np.flatnonzero(clear)]
    if not apart:
        return UNCLEAR
    size, highest, lowest = max(apart)
    return f"{highest} raises it by {_size(size, unit)} over {lowest}"


def _number_direction(
    name: str, coordinates: np.ndarray, thirds: Cut, values: np.ndarray, *, unit: str, level: float
) -> str:
    # From the lowest to the highest third of the range; the middle third speaks up when it lies well outside of both.
    counts = thirds.counts()
    means = (thirds.counts(values)[counts > 0] / counts[counts > 0]).tolist()
    if len(means) < 2:
        return UNCLEAR
    low, high = means[0], means[-1]
    middle = means[1] if len(means) == 3 else low
    outside = max(middle - max(low, high), min(low, high) - middle)
    trend = stats.spearmanr(coordinates, values)
    part = [values[thirds.codes == code] for code in np.unique(thirds.codes)]
    # A valley must be plainer than the slope: other factors, unevenly spread over the thirds, can fake a shallow one.
    if outside > abs(high - low) / 2 and stats.kruskal(*part).pvalue < min(level, trend.pvalue):
        return f"{'highest' if middle > high else 'lowest'} in the middle"
    if not (trend.pvalue < level and trend.statistic * (high - low) > 0.0):
        return UNCLEAR
    return f"higher {name} {'raises' if high > low else 'lowers'} it by {_size(abs(high - low), unit)}"


def _size(amount: float, unit: str) -> str:
    return f"{amount:.1f} {unit}" if amount >= 0.95 else f"{amount:.2g} {unit}"
