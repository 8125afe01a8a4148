"""The signal of stored trials as maps, read from their record."""

from collections.abc import Callable, Sequence

import pandas as pd

from gradstudy.analysis.signal_map import SignalMap, signal_map
from gradstudy.records import MemberRecord, Series

QUANTITIES = ["signal", "signal_float64"]


def stored_signals(gradients: Callable[..., pd.DataFrame], trials: Sequence[int]) -> dict[int, SignalMap]:
    """The map of each of these trials; `gradients` is that of a run. A second for 40 trials of 50 x 200 and 4 seeds."""
    rows = gradients(trial=list(trials), quantity=QUANTITIES)
    series: dict[tuple[int, int], dict[str, Series]] = {}
    for (trial, seed, quantity), block in rows.groupby(["trial", "seed", "quantity"], sort=False, observed=True):
        series.setdefault((trial, seed), {})[quantity] = _series(block)
    records: dict[int, list[MemberRecord]] = {}
    for (trial, seed), own in series.items():
        records.setdefault(int(trial), []).append(MemberRecord(int(trial), int(seed), own))
    return {trial: signal_map(own) for trial, own in records.items()}


def _series(block: pd.DataFrame) -> Series:
    """One quantity of one seed; its rows are stored step by step."""
    steps = block["step"].to_numpy()
    width = int((steps == steps[0]).sum())
    values = block["value"].to_numpy(dtype=float).reshape(-1, width)
    return Series(tuple(block["place"].iloc[:width]), steps[::width], values)
