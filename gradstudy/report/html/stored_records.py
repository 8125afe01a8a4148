"""Some quantities of stored trials, put together again to the records that were stored."""

from collections.abc import Callable, Sequence

import pandas as pd

from gradstudy.records import MemberRecord, Series


def stored_records(
    gradients: Callable[..., pd.DataFrame], trials: Sequence[int], quantities: Sequence[str]
) -> dict[int, list[MemberRecord]]:
    """What these trials read of these quantities, seed by seed; `gradients` is that of a run.

    A second for the signal of 40 trials of 50 places x 200 steps at 4 seeds.
    """
    rows = gradients(trial=list(trials), quantity=list(quantities))
    series: dict[tuple[int, int], dict[str, Series]] = {}
    for (trial, seed, quantity), block in rows.groupby(["trial", "seed", "quantity"], sort=False, observed=True):
        series.setdefault((trial, seed), {})[quantity] = _series(block)
    records: dict[int, list[MemberRecord]] = {}
    for (trial, seed), own in series.items():
        records.setdefault(int(trial), []).append(MemberRecord(int(trial), int(seed), own))
    return records


def _series(block: pd.DataFrame) -> Series:
    """One quantity of one seed; its rows are stored step by step."""
    steps = block["step"].to_numpy()
    width = int((steps == steps[0]).sum())
    values = block["value"].to_numpy(dtype=float).reshape(-1, width)
    return Series(tuple(block["place"].iloc[:width]), steps[::width], values)
