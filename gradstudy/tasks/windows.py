"""Windows of a series: so many rows in a row as the input, and the target at their end or some rows later."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np

from gradstudy.tasks.column_choice import Choice, Wanted
from gradstudy.tasks.column_kinds import DATE, TableColumn
from gradstudy.tasks.feature_task import Data
from gradstudy.tasks.splitting import MOST_HELD_OUT, Split

MOST_UNEVEN = 1.2
"""Times the shortest step in time, up to which steps count as even: months are."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SeriesData(Data):
    """Windows to train on and windows that are held out, of rows that are kept once.

    Inputs are [row, feature] of all rows in their order, and `ends` the last rows of the windows to train on; `seen`
    are the rows that mean and variance are of. A window is [time, feature].
    """

    ends: np.ndarray
    seen: np.ndarray
    window: int

    @property
    def shape(self) -> tuple[int, ...]:
        return self.window, self.inputs.shape[1]

    def take(self, chosen: np.ndarray | slice) -> np.ndarray:
        """The windows to train on with these numbers, [window, time, feature]."""
        return windows_at(self.inputs, self.ends[chosen], self.window)

    @cached_property
    def mean(self) -> np.ndarray:
        """Of each feature over the rows to train on, the same at each time step."""
        return np.asarray(self.inputs[self.seen].mean(0))

    @cached_property
    def variance(self) -> np.ndarray:
        """Of each feature over the rows to train on; exactly zero where it never changes."""
        rows = self.inputs[self.seen]
        return np.where(rows.min(0) < rows.max(0), rows.var(0), 0.0)


@dataclass(frozen=True, eq=False)
class WindowSplit(Split):
    """Windows by the rows that their targets are in. `arranged` are the rows in the order of time, group by group."""

    arranged: np.ndarray
    window: int
    ahead: int

    def data(self, inputs: np.ndarray, targets: tuple[np.ndarray, np.ndarray], outputs: int) -> Data:
        ordered, place = inputs[self.arranged], np.empty(len(inputs), int)
        place[self.arranged] = np.arange(len(inputs))
        ends, held_out = (place[rows] - self.ahead for rows in (self.chosen, self.held_out))
        return SeriesData(
            inputs=ordered,
            targets=targets[0],
            held_out_inputs=windows_at(ordered, held_out, self.window),
            held_out_targets=targets[1],
            outputs=outputs,
            ends=ends,
            seen=place[self.known],
            window=self.window,
        )


def windows_at(rows: np.ndarray, ends: np.ndarray, window: int) -> np.ndarray:
    """The windows that end with these rows, [window, time, feature]."""
    return np.asarray(rows[ends[:, None] + np.arange(1 - window, 1)])


def windows_of(choice: Choice, wanted: Wanted, usable: np.ndarray, told: np.ndarray) -> WindowSplit:
    """All windows of `wanted.window` usable rows whose target, `wanted.ahead` rows behind their end, is told.

    Of every group of rows the last fifth in time is held out, at most 1000 windows: no row of a window that is held out
    is one of a window to train on, nor comes before it. ValueError where that leaves none, or order is not clear.
    """
    groups, arranged = _arranged(choice, len(usable))
    window, reach = wanted.window, wanted.window + wanted.ahead
    starts = np.flatnonzero(np.diff(groups[arranged], prepend=-1))
    sizes = np.diff([*starts, len(arranged)])
    cuts = starts + [size - ceil(size / 5) for size in sizes]  # where the last fifth of each group begins
    start, cut_at = np.repeat(starts, sizes), np.repeat(cuts, sizes)
    place = np.arange(len(arranged))
    gaps = np.concatenate([[0], np.cumsum(~usable[arranged])])
    first = place - reach + 1
    fits = (first >= start) & told[arranged]
    inside = np.maximum(first, 0)
    fits &= gaps[np.minimum(inside + window, len(arranged))] == gaps[inside]
    chosen, held_out = place[fits & (place < cut_at)], place[fits & (first >= cut_at)]
    if not len(chosen) or not len(held_out):
        raise ValueError(
            f"window={window} with ahead={wanted.ahead} leaves {len(chosen)} windows to train on and {len(held_out)} "
            f"to hold out in the last fifth of {len(usable)} rows: together the two must be at most "
            f"{int(sizes.max()) // 5}"
        )
    held_out = held_out[np.linspace(0, len(held_out) - 1, min(len(held_out), MOST_HELD_OUT)).astype(int)]
    known = place[usable[arranged] & (place < cut_at)]
    words = _words(choice, wanted, arranged, (len(usable), len(starts), len(chosen), len(held_out)), cut_at)
    chosen, held_out, known = (arranged[part] for part in (chosen, held_out, known))
    return WindowSplit(chosen, held_out, known, words, arranged, window, wanted.ahead)


def _arranged(choice: Choice, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The number of every row's group, and the rows by group and time."""
    groups, times = np.zeros(count), np.arange(count, dtype=float)
    if choice.series is not None:
        _check_whole(choice.series, "series")
        groups = np.unique(choice.series.values, return_inverse=True)[1].astype(float)
    if choice.order is not None:
        _check_whole(choice.order, "order")
        times = choice.order.values
    arranged = np.lexsort((np.arange(count), times, groups))
    same = (np.diff(times[arranged]) == 0) & (np.diff(groups[arranged]) == 0)
    if choice.order is not None and same.any():
        way = "name the column that does with task.series=COLUMN" if choice.series is None else "choose others"
        raise ValueError(
            f"order '{choice.order.name}' has the same value in {int(same.sum()) + 1} rows or more, so that something "
            f"else tells series apart: {way}"
        )
    return groups, arranged


def _check_whole(column: TableColumn, key: str) -> None:
    if column.refused or column.missing.any():
        raise ValueError(
            f"{key} '{column.name}' must say of every row where it belongs, and {int(column.missing.sum())} of "
            f"{len(column.values)} have no value: mend these rows"
        )


def _words(
    choice: Choice, wanted: Wanted, arranged: np.ndarray, counts: tuple[int, int, int, int], cut_at: np.ndarray
) -> dict[str, str]:
    rows, groups, chosen, held_out = counts
    order = choice.order
    by = f"ordered by '{order.name}'" if order is not None else "in the order of the file"
    apart = f", {groups} series told apart by '{choice.series.name}'" if choice.series is not None else ""
    later = f"{wanted.ahead} {'row' if wanted.ahead == 1 else 'rows'} behind it" if wanted.ahead else "in the last one"
    kept = f"{chosen} to train on, {held_out} held out in the last fifth{' of each series' if groups > 1 else ''}"
    times = order.values[arranged] if order is not None and order.kind == DATE and groups == 1 else np.arange(2)
    steps = np.diff(times)
    even = steps.max() <= MOST_UNEVEN * steps.min()
    uneven = "" if even else f"; its steps are uneven, from {_span(steps.min())} to {_span(steps.max())}"
    return {"rows": f"{rows}, {by}{apart}{uneven}", "windows": f"of {wanted.window} rows, the target {later}: {kept}"}


def _span(days: float) -> str:
    """So many days, in the unit that fits."""
    for size, unit in ((1.0, "days"), (1 / 24, "h"), (1 / 1440, "min")):
        if days >= size:
            return "1 day" if days == 1 else f"{days / size:.3g} {unit}"
    return f"{days * 86400:.3g} s"
