"""How does the gradient of one configuration flow back, and what became of its members?"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gradstudy.report.plain import Bar, plain_name, plain_table, plain_text
from gradstudy.report.units import UNITS

MOST_PLACES = 24


def flow_page(gradients: pd.DataFrame, members: pd.DataFrame, *, title: str) -> RenderableType:
    """Where does the signal of one trial shrink or grow, and how did its seeds end?

    `gradients` is tidy (trial, seed, step, quantity, place, value), `members` has one row per seed. The signal is
    shown at the first and the last recorded step: log10 of the median over the seeds that reached the step.
    """
    return Group(
        plain_text(title, "bold"),
        Text(),
        *_flow(_signal(gradients)),
        Text(),
        _responses(members),
        Text(),
        _seeds(gradients, members),
    )


def shown_places(places: Sequence[str]) -> list[str]:
    """Which places fit on a page? All of them, or MOST_PLACES evenly spaced ones with the first and the last."""
    ordered = sorted(places)
    picked = np.linspace(0, len(ordered) - 1, min(len(ordered), MOST_PLACES)).round().astype(int)
    return [ordered[index] for index in picked]


def _signal(gradients: pd.DataFrame) -> pd.DataFrame:
    """[place, step]: log10 of the median over seeds, at the first and the last recorded step."""
    signal = gradients[gradients["quantity"] == "signal"]
    signal = signal[signal["step"].isin([signal["step"].min(), signal["step"].max()])]
    # observed=True: places are stored as categories, and those of other quantities would come as empty rows.
    median = signal.groupby(["place", "step"], observed=True)["value"].median().unstack("step")
    with np.errstate(divide="ignore"):
        return np.log10(median.set_axis(median.index.astype(str), axis=0))


def _flow(signal: pd.DataFrame) -> list[RenderableType]:
    if signal.empty:
        return [Text("No signal was recorded.")]
    finite = signal.to_numpy()[np.isfinite(signal.to_numpy())]
    low, high = (np.floor(finite.min()), np.floor(finite.max()) + 1) if finite.size else (0.0, 1.0)
    steps = [f"step {step}" for step in signal.columns]
    table = plain_table("place", *(heading for step in steps for heading in (step, "")), numbers=tuple(steps))
    for place in shown_places(list(signal.index)):
        cells: list[RenderableType] = [plain_name(place)]
        for decades in signal.loc[place]:
            cells += [_decades(decades), Bar(_fill(decades, low, high), 22)]
        table.add_row(*cells)
    count = f"{table.row_count} of {len(signal)} places, " if table.row_count < len(signal) else ""
    return [table, Text(f"{count}log10 of the median over seeds; bars from 1e{low:+.0f} to 1e{high:+.0f}")]


def _decades(decades: float) -> Text:
    words = {np.inf: "inf", -np.inf: "zero"}.get(decades, "nan" if np.isnan(decades) else f"{decades:.2f}")
    return Text(words)


def _fill(decades: float, low: float, high: float) -> float:
    return 0.0 if np.isnan(decades) else float(np.clip((decades - low) / (high - low), 0, 1))


def _responses(members: pd.DataFrame) -> Table:
    table = plain_table("response", "median", "lowest", "highest", "", numbers=("median", "lowest", "highest"))
    for response, unit in UNITS.items():
        values = members[response]
        numbers = (f"{value:.2f}" for value in (values.median(), values.min(), values.max()))
        table.add_row(response, *numbers, unit)
    return table


def _seeds(gradients: pd.DataFrame, members: pd.DataFrame) -> Table:
    table = plain_table("seed", "norm before clipping", "loss", "verdict", numbers=("seed",))
    for row in members.sort_values("seed").to_dict("records"):
        own = gradients[gradients["seed"] == row["seed"]]
        norm, loss = _first_and_last(own, "norm_before_clipping"), _first_and_last(own, "loss")
        table.add_row(*map(plain_text, (row["seed"], norm, loss, _end(row))))
    return table


def _first_and_last(own: pd.DataFrame, quantity: str) -> str:
    values = own[own["quantity"] == quantity].sort_values("step")["value"].to_numpy()
    return " -> ".join(f"{value:.3g}" for value in values[[0, -1] if len(values) > 1 else slice(None)]) or "-"


def _end(row: Mapping[str, object]) -> str:
    if pd.isna(row["first_bad_step"]):
        return str(row["verdict"])
    return f"{row['verdict']} at step {row['first_bad_step']:.0f}, first in {row['first_bad_tensor']}"
