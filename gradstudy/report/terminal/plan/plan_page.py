"""What a study would train, how long it would take and where it would be kept: printed before anything is written."""

from collections import Counter
from collections.abc import Sequence, Set

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gradstudy.plan import Plan
from gradstudy.records import DUMMY, Factor, Level, Trial, level_name
from gradstudy.report.terminal.plain import plain_grid, plain_name, plain_table, plain_text
from gradstudy.report.terminal.plan.design_words import findable, power_words, quality_words


def plan_page(plan: Plan) -> RenderableType:
    """The question, every factor with its trials per level, sizes, estimates and the store."""
    source = [plain_text(plan.info.source, "dim")] if plan.info.source else []
    head = [plain_text(f"{plan.info.name}: {plan.info.question}", "bold"), *source, Text()]
    asleep = [plain_text(f"asleep, as no option of this study has it: {name}") for name in plan.asleep]
    remarks = [plan.note] * bool(plan.note) + ([power_words(plan.power)] if plan.power else [])
    below = [line for remark in remarks for line in (plain_text(remark), Text())]
    end = Text("A plan only: nothing was written. The same command without mode=plan runs it.")
    return Group(*head, _factors(plan), *asleep, Text(), *below, _budget(plan), Text(), end)


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
            return _condition(other, inside, outside)
    return "in some trials"


def _condition(other: Factor, inside: Set[Level | None], outside: Set[Level | None]) -> str:
    few, sign = (inside, "=") if len(inside) <= len(outside) else (outside, " is not ")
    return f"{other.name}{sign}" + " or ".join(level_name(level) for level in other.levels if level in few)


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
    trials = len(plan.trials)
    grid = plain_grid()
    design = {"design": quality_words(plan.quality)} if plan.quality else {}
    for name, words in {
        "members": f"{trials} trials x {plan.info.seeds} seeds = {trials * plan.info.seeds} members",
        "steps": "0: measured at initialization only" if plan.info.steps == 0 else f"{plan.info.steps} per member",
        "cohorts": _cohorts(plan.cohorts),
        "time": "unknown" if plan.seconds is None else f"about {_duration(plan.seconds)}",
        "memory": "unknown" if plan.memory is None else f"about {_size(plan.memory)} for the largest cohort",
        "store": plan.store,
        **design,
    }.items():
        grid.add_row(Text(name), plain_text(words))
    return grid


def _cohorts(sizes: Sequence[int]) -> str:
    smallest, largest = min(sizes, default=0), max(sizes, default=0)
    spread = f"{smallest} to {largest}" if smallest < largest else f"{largest}"
    return f"{len(sizes)} of {spread} members"


def _duration(seconds: float) -> str:
    for unit, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 1.5 * unit:
            return f"{seconds / unit:.2g} {name}"
    return f"{max(seconds, 1):.0f} s"


def _size(memory: float) -> str:
    return f"{memory / 1e9:.1f} GB" if memory >= 1e9 else f"{max(memory / 1e6, 1):.0f} MB"
