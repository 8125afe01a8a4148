"""Which members train together as one stacked network, and how their parts become one."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, TypeVar

import torch

from gradstudy.parts import STUDIED, Part, hints_of, is_coefficient
from gradstudy.records import Member

STACKED = tuple(group for group in STUDIED if group != "init")
"""The groups that are stacked. `init` is not among them: each member is filled by itself."""

RULE_GROUPS = ("optimizer", "clipping", "regularization", "lr")
"""Those of which some are behind the gradients, in the order in which a cohort's members are sorted by them."""


@dataclass(frozen=True)
class Cohort:
    """Members to be trained as one stacked network, and all that a worker needs for it: plain data, safe to send.

    `parts` are the parts of every trial, by trial number and group. `device` is the wanted one (auto, cpu, cuda or
    cuda:N): which that is, a worker sees where it runs; `capture` and `tf32` say how a GPU computes (device.py).
    `record` names what is measured on request; `keep_weights` asks for every member's final parameters and buffers.
    """

    members: tuple[Member, ...]
    parts: Mapping[int, Mapping[str, Any]]
    study_seed: int
    steps: int
    device: str = "cpu"
    dtype: str = "float32"
    capture: bool = True
    tf32: bool = False
    record: tuple[str, ...] = ()
    keep_weights: bool = False


def plan(
    members: Sequence[Member], parts: Mapping[int, Mapping[str, Any]], size: Callable[[tuple[Member, ...]], int]
) -> list[tuple[Member, ...]]:
    """Members grouped by structure, a trial's seeds together, the largest groups first.

    `size` says how many there may be to a group, given all members of a structure, and `parts` are the parts of every
    trial by trial number. Groups of one structure come out evenly filled: two cohorts of 43 cost less than one of 64
    and one of 22. A part that cannot be stacked makes groups of one. Inside a group, trials whose rules behind the
    gradients have one structure stand together.
    """
    by_structure: dict[Any, dict[int, list[Member]]] = defaultdict(dict)
    for member in members:
        key = _key(parts[member.trial])
        by_structure[key].setdefault(member.trial, []).append(member)
    groups: list[tuple[Member, ...]] = []
    for trials in by_structure.values():
        sorted_trials = _by_rules(trials, parts)
        everyone = tuple(member for seeds in sorted_trials for member in seeds)
        alone = any(part.member_by_member for part in parts[everyone[0].trial].values())
        groups += [(member,) for member in everyone] if alone else _evenly(sorted_trials, size(everyone))
    return sorted(groups, key=len, reverse=True)


def _by_rules(trials: Mapping[int, list[Member]], parts: Mapping[int, Mapping[str, Any]]) -> list[list[Member]]:
    """The seeds of each trial, those of one structure of rules together."""
    rules = {trial: [structure(parts[trial][group]) for group in RULE_GROUPS] for trial in trials}
    seen = [list(dict.fromkeys(of_group)) for of_group in zip(*rules.values(), strict=True)]
    return [trials[trial] for trial in sorted(trials, key=lambda trial: [*map(list.index, seen, rules[trial])])]


def shape(cohort: Cohort) -> Hashable:
    """What is equal for cohorts whose members could train together."""
    return _key(cohort.parts[cohort.members[0].trial])


def _key(parts: Mapping[str, Any]) -> tuple[Hashable, ...]:
    sliced = in_slices(parts)
    return tuple(structure(parts[group]) for group in STACKED if group not in sliced)


def in_slices(parts: Mapping[str, Any]) -> tuple[str, ...]:
    """The groups in whose structure members may differ that train together.

    None where an optimizer looks at losses by itself: it clips and decays what it finds there.
    """
    behind = parts["optimizer"].behind_gradients
    return tuple(group for group in RULE_GROUPS if behind and parts[group].behind_gradients)


Some = TypeVar("Some")


def halves(group: tuple[Some, ...]) -> list[tuple[Some, ...]]:
    """Two smaller groups, for a device that ran out of memory."""
    middle = (len(group) + 1) // 2
    return [group[:middle], group[middle:]]


def _evenly(trials: list[list[Member]], size: int) -> list[tuple[Member, ...]]:
    per_group = max(1, size // max(len(seeds) for seeds in trials))
    count = -(-len(trials) // per_group)
    bounds = [round(index * len(trials) / count) for index in range(count + 1)]
    return [tuple(member for seeds in trials[low:high] for member in seeds) for low, high in itertools.pairwise(bounds)]


def structure(part: Part) -> Hashable:
    """What must be equal for two parts to be stacked: the class and every field that is no coefficient."""
    kind: Any = type(part)
    values = (getattr(part, name) for name in _no_coefficients(kind))
    return kind, *(value if isinstance(value, Hashable) else id(value) for value in values)


@cache
def _no_coefficients(kind: Any) -> tuple[str, ...]:
    """The fields that are structure, worked out once: a plan asks for thousands of trials, group by group."""
    hints = hints_of(kind)
    return tuple(f.name for f in fields(kind) if not is_coefficient(hints[f.name]))


def stack(parts: Sequence[Any], device: torch.device) -> Any:
    """One part for all members: every coefficient becomes a float64 tensor [member]."""
    first, hints = parts[0], hints_of(parts[0])
    stacked = object.__new__(type(first))  # not through __init__: the checks there are for single numbers
    for field in fields(first):
        values = [getattr(part, field.name) for part in parts]
        value = _coefficients(values, device) if is_coefficient(hints[field.name]) else values[0]
        object.__setattr__(stacked, field.name, value)
    return stacked


def _coefficients(values: list[Any], device: torch.device) -> Any:
    if isinstance(values[0], tuple):
        return tuple(_coefficients(list(column), device) for column in zip(*values, strict=True))
    return torch.tensor(values, dtype=torch.float64, device=device)
