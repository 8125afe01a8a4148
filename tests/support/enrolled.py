"""Every option of the shipped configuration as a small part, and the rows in which the options meet.

An option's YAML is read by itself, without Hydra: composing one takes 30 ms, and there are some ninety.
"""

from collections import Counter
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, get_type_hints

from omegaconf import OmegaConf

from gradstudy.configs.instantiate import check_fit, make_part
from gradstudy.configs.sources import shipped
from gradstudy.errors import InputError
from gradstudy.parts import is_coefficient
from support.covering import Row, covering

Parts = dict[str, Any]

CROSSED = ("model", "normalization", "residual", "clipping", "optimizer")
"""The groups whose options meet in pairs; those of the others occur, each at least once."""
OTHERS = ("activation", "init", "lr", "regularization", "pretraining")
NEED_DATA = {("task", "openml"), ("task", "table")}
"""Options that read the network or a person's own file."""
PLAIN = {"activation": "tanh", "init": "default", "regularization": "none", "pretraining": "none"}
WIDTHS = (7, 8)
"""The second one for what has to be divided."""
SMALL = {
    **{"depth": 2, "heads": 2, "steps": 2, "max_iter": 2},
    **{"batch_size": 3, "features": 5, "outputs": 3, "points": 30, "length": 10},
    **{"value": 1e-3, "rate": 1e-5},
}
"""Sizes, and rates at which nothing diverges; what an option leaves at 0 stays off."""
VARIANTS = ({}, {"length": 3}, {"side": 4}, {"image": True})
"""What else a task may be asked, so that every model finds one."""


@dataclass(frozen=True)
class Enrolled:
    """A row of options by group, the small parts that they make, and the field that stands the other way round."""

    row: Row
    parts: Parts
    flag: str = ""

    def __str__(self) -> str:
        named = [self.row[group] for group in (*CROSSED, *OTHERS, "task")]
        return "-".join([*named, self.flag] if self.flag else named)


@cache
def rows() -> list[Enrolled]:
    """Every pair of options of the crossed groups for which there is a task, and every option of the other groups."""
    used = Counter()
    crossed = covering({group: options(group) for group in CROSSED}, lambda row: bool(homes(row)))
    return [_completed(row, used) for row in crossed]


@cache
def flags() -> list[Enrolled]:
    """For every field of an option that is true or false the first row that takes it the other way round."""
    found = {}
    for enrolled in rows():
        for group, option in sorted(enrolled.row.items()):
            for name in [name for name, hint in get_type_hints(type(enrolled.parts[group])).items() if hint is bool]:
                part = enrolled.parts[group]
                parts = {**enrolled.parts, group: changed(part, {name: not getattr(part, name)})}
                if (group, option, name) not in found and fit(parts):
                    found[group, option, name] = Enrolled(enrolled.row, parts, f"{group}.{name}")
    return list(found.values())


def options(group: str) -> list[str]:
    found = sorted(path.stem for path in (shipped("conf") / group).glob("*.yaml"))
    return [option for option in found if (group, option) not in NEED_DATA]


@cache
def option_part(group: str, option: str) -> Any:
    """The part of one option, smaller where it has a size."""
    config = OmegaConf.to_container(OmegaConf.load(shipped("conf") / group / f"{option}.yaml"), resolve=True)
    config.pop("defaults", None)
    part = make_part(group, config)
    return changed(part, {name: value for name, value in SMALL.items() if getattr(part, name, 0)})


def changed(part: Any, wanted: dict[str, Any]) -> Any:
    """The part with these fields, where it has them and accepts them."""
    known = {entry.name for entry in fields(part)}
    for name in [name for name in wanted if name in known]:
        try:
            part = replace(part, **{name: wanted[name]})
        except ValueError:
            continue
    return part


def nudged(part: Any) -> Any:
    """The part with every coefficient a tenth smaller, or just above zero."""
    hints = get_type_hints(type(part))
    names = [entry.name for entry in fields(part) if is_coefficient(hints[entry.name])]
    return changed(part, {name: _nudged(getattr(part, name)) for name in names})


def _nudged(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_nudged(item) for item in value)
    return value and value * 0.9 if value != 0 else 0.05


def fit(parts: Parts) -> bool:
    try:
        check_fit(parts)
    except InputError:
        return False
    return True


def homes(row: Row) -> list[tuple[str, Parts]]:
    """(task option, parts) of every task for which these options make a network."""
    return _homes(row["model"], row["normalization"], row["residual"])


@cache
def _homes(model: str, normalization: str, residual: str) -> list[tuple[str, Parts]]:
    """At the first width for which there is any; clippings and optimizers stand everywhere."""
    layers = {
        "normalization": option_part("normalization", normalization),
        "residual": option_part("residual", residual),
    }
    for width in WIDTHS:
        trials = [(option, {**parts, **layers}) for option, parts in _tasks(model, width)]
        fitting = [(option, parts) for option, parts in trials if fit(parts)]
        if fitting:
            return fitting
    return []


@cache
def _tasks(model: str, width: int) -> list[tuple[str, Parts]]:
    """(task option, parts) of every task, in every variant, that this model takes when nothing else stands with it."""
    plain = {group: option_part(group, option) for group, option in PLAIN.items()}
    plain |= {group: option_part(group, "none") for group in ("normalization", "residual")}
    plain |= {"model": changed(option_part("model", model), {"width": width})}
    variants = {
        changed(option_part("task", option), variant): option for option in options("task") for variant in VARIANTS
    }
    trials = [(option, {**plain, "task": task}) for task, option in variants.items()]
    return [(option, parts) for option, parts in trials if fit(parts)]


def _completed(row: Row, used: Counter) -> Enrolled:
    """The row with a task and options of the other groups, the least used ones first, and long sequences seldom."""
    task, parts = min(homes(row), key=lambda home: used["task", home[0]] * max(home[1]["task"].shape.inputs))
    row = {**row, "task": task}
    parts = {**parts, **{group: option_part(group, row[group]) for group in ("clipping", "optimizer")}}
    for group in OTHERS:
        for option in sorted(options(group), key=lambda option: used[group, option]):
            if fit({**parts, group: option_part(group, option)}):
                row[group], parts[group] = option, option_part(group, option)
                break
    used.update(row.items())
    return Enrolled(row, parts)
