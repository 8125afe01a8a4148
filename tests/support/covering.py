"""Covering arrays: few rows in which every pair of levels that can stand together does so at least once.

Greedy, one row at a time, as AETG (Cohen, Dalal, Fredman & Patton 1997), but without chance: the first pair that is
not yet covered is completed factor by factor with the level that covers most new pairs, among equals the least used.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, product

Level = tuple[str, str]
"""(factor, option)."""
Row = dict[str, str]
Levels = Mapping[str, Sequence[str]]


def covering(levels: Levels, fits: Callable[[Row], bool]) -> list[Row]:
    """Rows {factor: option} that fit; every pair that stands in any fitting row stands in one of these.

    `fits` is asked for whole rows only, and often: it must be cheap.
    """
    open_pairs, rows, used = dict.fromkeys(_all_pairs(levels)), [], Counter()
    while open_pairs:
        pair = next(iter(open_pairs))
        row = next(_completions(dict(sorted(pair)), levels, open_pairs, used, fits), None)
        for covered in [pair] if row is None else pairs(row):
            open_pairs.pop(covered, None)
        if row is not None:
            rows.append(row)
            used.update(row.items())
    return rows


def pairs(row: Row) -> list[frozenset[Level]]:
    """The pairs of levels that stand in a row, whole or not."""
    return [frozenset(pair) for pair in combinations(row.items(), 2)]


def _all_pairs(levels: Levels) -> list[frozenset[Level]]:
    return [
        frozenset({(one, first), (other, second)})
        for one, other in combinations(levels, 2)
        for first, second in product(levels[one], levels[other])
    ]


def _completions(partial: Row, levels: Levels, open_pairs, used, fits):
    """Every whole row that fits and holds the partial one, the most promising first."""
    missing = [factor for factor in levels if factor not in partial]
    if not missing:
        if fits(partial):
            yield partial
        return
    longer = [{**partial, missing[0]: option} for option in levels[missing[0]]]
    longer.sort(key=lambda row: (-sum(pair in open_pairs for pair in pairs(row)), used[missing[0], row[missing[0]]]))
    for row in longer:
        yield from _completions(row, levels, open_pairs, used, fits)
