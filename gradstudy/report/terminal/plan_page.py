"""What a study would train, what its design can find, how long it would take, and where it would be kept."""

from collections import Counter
from collections.abc import Sequence
from math import isfinite

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gradstudy.analysis.ranking.power import Power
from gradstudy.conclusions import FEWEST_TRIALS
from gradstudy.plan import Plan
from gradstudy.records import DUMMY, Factor, Trial, level_name
from gradstudy.report.terminal.data_table import data_table
from gradstudy.report.terminal.plain import plain_grid, plain_name, plain_table, plain_text
from gradstudy.search.screen.quality import Quality
from gradstudy.words.number_words import fraction, percent_words

SCATTER = 3.0
"""Decades by which trials scatter in the example: what studies of depth and activation came out at."""


def quality_words(quality: Quality) -> str:
    """How balanced, how even and how uncorrelated the trials are, in pairs of factors and in threes."""
    uneven = max((most - fewest for fewest, most in quality.balance.values()), default=0)
    told = [f"trials per level differ by {uneven} at most" if uneven else "every level of a factor equally often"]
    told.append(
        "perfectly even"
        if quality.discrepancy < 1e-12
        else f"{quality.chance / quality.discrepancy:.2g} times as even as random trials"
    )
    if (pair := quality.everywhere) is not None:
        told.append(f"strongest correlation of two factors {fraction(pair.strength)} ({pair.first} with {pair.second})")
    if (pair := quality.conditional) is not None:
        where = f"({pair.first} with {pair.second} in {pair.trials} trials)"
        told.append(f"of a factor that lives in some trials only {fraction(pair.strength)} {where}")
    if (triple := quality.triple) is not None:
        one, other = triple.others
        where = f"({triple.factor} with {one} and {other})"
        told.append(
            f"of a factor with what two others do only together {fraction(triple.strength)} beyond chance {where}"
        )
    return "; ".join(told)


def findable(power: Power, factor: str) -> str:
    """The smallest share that can be found of this factor, in brackets that of a U-shape; `-` where there is none."""
    row = power.table[power.table["factor"] == factor].iloc[0]
    share, u_shape = float(row["share"]), float(row["u_shape"])
    return small_share_words(share) + (f" ({small_share_words(u_shape)})" if isfinite(u_shape) else "")


def power_words(power: Power) -> str:
    """How the shares are to be read that can be found."""
    trials, shares = int(power.table["trials"].max()), power.table["share"].dropna()
    if trials < FEWEST_TRIALS:
        return f"can find: nothing, a ranking takes at least {FEWEST_TRIALS} trials; raise budget.trials."
    if shares.empty:
        return f"can find: no effect can be counted on to be found in {trials} trials; raise budget.trials."
    example = float(np.median(shares))
    difference = 2 * np.sqrt(example) * SCATTER
    in_brackets = " (in brackets: if the middle of its range differs from both ends)"
    brackets = in_brackets if power.table["u_shape"].notna().any() else ""
    return (
        f"can find: the smallest share of the variance of trial means that {percent_words(power.power)} of such "
        f"studies would find, if a factor has it by itself{brackets}. If trials scatter by {SCATTER:g} decades "
        f"(standard deviation), a share of {small_share_words(example)} is {difference:.1f} decades between two halves "
        "of the trials. What a factor does only together with others is not counted, and may be found with more or "
        "with less."
    )


def cost_of_cures_words(plan: Plan) -> str:
    """What trying cures costs as a rule, or why none are tried."""
    if plan.no_cures:
        return plan.no_cures
    usual = f"then cures are tried on fresh seeds, as a rule some {plan.cure_members} members more"
    return usual if plan.cure_seconds is None else f"{usual}, or {_duration(plan.cure_seconds)}"


def small_share_words(share: float) -> str:
    """Two digits that count, `.12` or `.0016`; `-` where it is no number."""
    if not isfinite(share) or share >= 0.095:
        return fraction(share)
    return f"{share:.2g}".removeprefix("0")


def plan_page(plan: Plan) -> RenderableType:
    """The question, what was read of data, every factor with its trials per level, sizes, estimates and the store."""
    source = [plain_text(plan.info.source, "dim")] if plan.info.source else []
    head = [plain_text(f"{plan.info.name}: {plan.info.question}", "bold"), *source, Text()]
    data: list[RenderableType] = [table, Text()] if (table := data_table(plan.info.data)) else []
    asleep = [plain_text(f"asleep, as no option of this study has it: {name}") for name in plan.asleep]
    asleep += [plain_text(f"not varied, as this launch fixes it: {override}") for override in plan.unvaried]
    remarks = [plan.note] * bool(plan.note) + ([power_words(plan.power)] if plan.power else [])
    below = [line for remark in remarks for line in (plain_text(remark), Text())]
    end = Text("A plan only: nothing was written. The same command without mode=plan runs it.")
    return Group(*head, *data, _factors(plan), *asleep, Text(), *below, _budget(plan), Text(), end)


def where_it_lives(factor: Factor, factors: Sequence[Factor], trials: Sequence[Trial]) -> str:
    """The trials in which a factor is active: `everywhere`, or the one choice that decides it (`clipping=norm`)."""
    alive = [trial for trial in trials if factor.name in trial.levels]
    asleep = [trial for trial in trials if factor.name not in trial.levels]
    if not asleep:
        return "everywhere"
    if not alive:
        return "in no trial"
    group = factor.name.partition(".")[0]
    # Its own group first: in a small design another factor may agree with it by accident.
    for other in sorted(factors, key=lambda candidate: candidate.name != group):
        inside = {trial.levels.get(other.name) for trial in alive}
        outside = {trial.levels.get(other.name) for trial in asleep}
        if other.levels and not inside & outside:
            few, sign = (inside, "=") if len(inside) <= len(outside) else (outside, " is not ")
            return f"{other.name}{sign}" + " or ".join(level_name(level) for level in other.levels if level in few)
    return "in some trials"


def _factors(plan: Plan) -> Table:
    numbers = ("trials", "can find") if plan.power else ("trials",)
    table = plain_table("factor", "levels (trials) or range", "lives", *numbers, numbers=numbers)
    for factor in plan.info.factors:
        lives = "noise floor" if factor.name == DUMMY.name else where_it_lives(factor, plan.info.factors, plan.trials)
        count = sum(factor.name in trial.levels for trial in plan.trials)
        cells = map(plain_text, (_levels(factor, plan.trials), lives, count))
        finds = [plain_text(findable(plan.power, factor.name))] if plan.power else []
        table.add_row(plain_name(factor.name), *cells, *finds)
    return table


def _levels(factor: Factor, trials: Sequence[Trial]) -> str:
    if factor.is_number:
        kind = (", whole" if factor.integer else "") + (", log" if factor.log else "")
        return f"{factor.low:g} to {factor.high:g}{kind}"
    # By name: True and 1 are one key of a dictionary, and two levels of a factor.
    counts = Counter(level_name(trial.levels[factor.name]) for trial in trials if factor.name in trial.levels)
    return ", ".join(f"{level} ({counts[level]})" for level in map(level_name, factor.levels))


def _budget(plan: Plan) -> Table:
    grid, trials = plain_grid(), len(plan.trials)
    smallest, largest = min(plan.cohorts, default=0), max(plan.cohorts, default=0)
    sizes = f"{smallest} to {largest}" if smallest < largest else f"{largest}"
    design = {"design": quality_words(plan.quality)} if plan.quality else {}
    for name, words in {
        "members": f"{trials} trials x {plan.info.seeds} seeds = {trials * plan.info.seeds} members",
        "steps": "0: measured at initialization only" if plan.info.steps == 0 else f"{plan.info.steps} per member",
        "cures": cost_of_cures_words(plan),
        "cohorts": f"{len(plan.cohorts)} of {sizes} members",
        "time": "unknown" if plan.seconds is None else f"about {_duration(plan.seconds)}",
        "memory": "unknown" if plan.memory is None else f"about {_size(plan.memory)} for the largest cohort",
        "store": plan.store,
        **design,
    }.items():
        grid.add_row(Text(name), plain_text(words))
    return grid


def _duration(seconds: float) -> str:
    for unit, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 1.5 * unit:
            return f"{seconds / unit:.2g} {name}"
    return f"{max(seconds, 1):.0f} s"


def _size(memory: float) -> str:
    return f"{memory / 1e9:.1f} GB" if memory >= 1e9 else f"{max(memory / 1e6, 1):.0f} MB"
