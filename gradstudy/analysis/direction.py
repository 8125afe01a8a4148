"""Which way does a factor move a response? The answer in words."""

import numpy as np
from scipy import stats

from gradstudy.analysis.significance import level_significance
from gradstudy.analysis.space import INACTIVE
from gradstudy.records import Factor, level_name

UNCLEAR = "no clear direction"
_UNITS = {"rate": "decades per place", "clipped": "(share of steps)"}


def direction(factor: Factor, coordinates: np.ndarray, values: np.ndarray, *, response: str, level: float) -> str:
    """Which way does this factor move the response, and by how much? Coordinates and trial means [trial].

    Means where the factor lives; `level` is the p-value above which no trend or difference is claimed.
    """
    lives = coordinates != INACTIVE
    describe = _number_direction if factor.is_number else _level_direction
    return describe(factor, coordinates[lives], values[lives], _UNITS.get(response, "decades"), level)


def _level_direction(factor: Factor, codes: np.ndarray, values: np.ndarray, unit: str, level: float) -> str:
    groups = {level_name(factor.levels[int(code)]): values[codes == code] for code in np.unique(codes)}
    if not _differ(list(groups.values()), level):
        return UNCLEAR
    highest, lowest = (choose(groups, key=lambda name: groups[name].mean()) for choose in (max, min))
    return f"{highest} raises it by {_size(groups[highest].mean() - groups[lowest].mean(), unit)} over {lowest}"


def _number_direction(factor: Factor, coordinates: np.ndarray, values: np.ndarray, unit: str, level: float) -> str:
    # From the lowest to the highest third of the range; the middle third speaks up when it lies well outside of both.
    third = np.minimum((coordinates * 3).astype(int), 2)
    groups = [values[third == which] for which in np.unique(third)]
    if len(groups) < 2 or np.ptp(values) == 0.0:
        return UNCLEAR
    low, high = groups[0].mean(), groups[-1].mean()
    middle = groups[1].mean() if len(groups) == 3 else low
    outside = max(middle - max(low, high), min(low, high) - middle)
    trend = stats.spearmanr(coordinates, values)
    # A valley must be plainer than the slope: other factors, unevenly spread over the thirds, can fake a shallow one.
    if outside > abs(high - low) / 2 and _differ(groups, min(level, trend.pvalue)):
        return f"{'highest' if middle > high else 'lowest'} in the middle"
    if not (trend.pvalue < level and trend.statistic * (high - low) > 0.0):
        return UNCLEAR
    return f"higher {factor.name} {'raises' if high > low else 'lowers'} it by {_size(abs(high - low), unit)}"


def _differ(groups: list[np.ndarray], level: float) -> bool:
    codes = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    return bool(level_significance(codes, np.concatenate(groups)).p < level)


def _size(amount: float, unit: str) -> str:
    return f"{amount:.1f} {unit}" if amount >= 1.0 else f"{amount:.2g} {unit}"
