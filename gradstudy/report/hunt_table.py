"""Which trials came closest to what was hunted for, and how is each run again?"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gradstudy.records import SCREEN, VERDICTS, Level, level_name
from gradstudy.report.plain import plain_grid, plain_name, plain_table, plain_text
from gradstudy.report.units import UNITS
from gradstudy.results import Run
from gradstudy.search.objective import Objective

WANTED = {"minimize": "as small as can be", "maximize": "as large as can be"}

NOT_RANKED = "These trials were hunted, so they rank no causes: that takes search=screen or search=screen_then_hunt."
NOT_LEVELS = {"trial", "verdict", "n_diverged"}
SHOWN = 5
"""How many trials are listed at most?"""


@dataclass(frozen=True)
class Catch:
    """What did a hunt bring? `best` is that of `Run.best`; `trials` and `pruned` count all trials.

    `ranked` says whether a screen ranks causes beside it. `verdicts` counts the members of a trial, and `commands` run
    it again; both by trial.
    """

    best: pd.DataFrame
    objectives: tuple[Objective, ...]
    trials: int
    pruned: int
    ranked: bool
    verdicts: Mapping[int, str]
    commands: Mapping[int, str]


def catch_of(run: Run) -> Catch:
    """What did the hunt of this study bring?"""
    best, members = run.best(SHOWN), run.members
    sizes = members.groupby("trial").size()
    verdicts = {trial: Counter(members.loc[members["trial"] == trial, "verdict"]) for trial in best["trial"]}
    return Catch(
        best=best,
        objectives=run.objectives,
        trials=len(sizes),
        pruned=int((sizes < run.info.seeds).sum()),
        ranked=SCREEN in run.info.phases,
        verdicts={
            trial: ", ".join(f"{counts[one]} {one}" for one in VERDICTS if counts[one])
            for trial, counts in verdicts.items()
        },
        commands={trial: run.command(trial) for trial in best["trial"]},
    )


def hunt_table(catch: Catch) -> RenderableType:
    """What came out of the hunt? The best trials with what counted, their verdicts, levels and commands."""
    if catch.best.empty:
        return plain_text(f"None of the {catch.trials} trials has been trained on all of its seeds.")
    remark = [] if catch.ranked else [plain_text(NOT_RANKED), Text()]
    return Group(
        plain_text(f"Which configurations are {catch.objectives[0].goal}?", "bold"),
        plain_text(_about(catch)),
        _trials(catch),
        Text(),
        *remark,
        _commands(catch),
    )


def _about(catch: Catch) -> str:
    wanted = (f"{one.name}{_unit(one.response)} {WANTED[one.direction]}" for one in catch.objectives)
    front = f"those that no other beats in everything ({SHOWN} at most), most balanced first"
    shown = f"the {catch.objectives[0].goal}" if len(catch.objectives) == 1 else front
    stopped = f", {catch.pruned} of them stopped early" if catch.pruned else ""
    return f"Wanted: {' and '.join(wanted)}, mean over seeds. Of {catch.trials} trials{stopped}, {shown}:"


def _unit(response: str) -> str:
    unit = UNITS.get(response, "")
    return f" ({unit})" if unit else ""


def _trials(catch: Catch) -> Table:
    counted = tuple(one.name for one in catch.objectives)
    table = plain_table("trial", *counted, "seeds", "levels", numbers=counted)
    for row in catch.best.to_dict("records"):
        numbers = (plain_text(f"{row[name]:.3g}") for name in counted)
        levels = plain_text(_levels(row, set(counted)))
        table.add_row(plain_name(row["trial"]), *numbers, plain_text(catch.verdicts[row["trial"]]), levels)
    return table


def _levels(row: Mapping[str, Any], counted: set[str]) -> str:
    living = {name: value for name, value in row.items() if name not in NOT_LEVELS | counted and not pd.isna(value)}
    return ", ".join(f"{name}={_written(value)}" for name, value in living.items())


def _written(value: Level) -> str:
    return f"{value:.3g}" if isinstance(value, float) else level_name(value)


def _commands(catch: Catch) -> Table:
    grid = plain_grid()
    for trial in catch.best["trial"]:
        grid.add_row(Text(f"run trial {trial}"), plain_text(catch.commands[trial]))
    return grid
