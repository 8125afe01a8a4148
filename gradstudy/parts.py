"""What every part (a level of a config group) promises, and which groups of parts are studied.

A part is a frozen dataclass. Its float fields are coefficients: they may differ between the members of one cohort.
Every other field (int, bool, str) is structure: members that differ in it cannot share a stacked network.
"""

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from math import inf, isfinite
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

from gradstudy.errors import nearest

STUDIED = (
    "model", "activation", "init", "normalization", "residual",
    "clipping", "lr", "optimizer", "regularization", "pretraining", "task",
)  # fmt: skip
"""The config groups that may differ between the trials of a study: a folder of conf/ each."""

HOLDS = {"above": operator.gt, "at_least": operator.ge, "below": operator.lt, "at_most": operator.le}
"""The bounds that a numeric field may have."""

WIDEST_LAYER, MOST_LAYERS = 16_384, 10_000
"""Units (or channels) of a layer and layers of a network, whatever the family: more are a slip."""

COEFFICIENTS = (float, float | None)
LISTS = {int | tuple[int, ...]: int, tuple[str, ...]: str, str | tuple[str, ...]: str}
"""Lists of any length, and the kind of their items."""
MAY_BE_ALONE = {int | tuple[int, ...]: (int, float), str | tuple[str, ...]: (str,)}
"""Lists of which an item need not stand in brackets; words may be none at all."""

TYPE_WORDS = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "a word",
    int | tuple[int, ...]: "a whole number or a list of them",
    tuple[str, ...]: "a list of words",
    str | tuple[str, ...]: "a word or a list of them",
}


def number(default: Any, **bounds: float) -> Any:
    """A numeric field with a range: `above`, `at_least`, `below`, `at_most`."""
    return field(default=default, metadata=bounds)


def word(default: str, *others: str) -> Any:
    """A field that holds one of these words."""
    return field(default=default, metadata={"words": (default, *others)})


def unchecked(default: Any = None) -> Any:
    """A field that keeps what it is given: an object that was made of a nested `_target_`, as a client or a module.

    Declared as `object` or as its class it is structure, as all that is no float: the same where it is equal.
    """
    return field(default=default, metadata={"unchecked": True})


@dataclass(frozen=True)
class Part:
    """Checks its own fields once, when a configuration makes it: ValueError says what was required and what came.

    `group` is the config group whose levels its subclasses are, said once: `class Mine(Part, group="model")`.
    `member_by_member`: it cannot be stacked, so that its cohorts have one member. `behind_gradients`: it changes no
    pass of the network, but what is made of gradients, so that members train together whichever of its kinds they have.
    """

    group: ClassVar[str] = ""
    member_by_member = False
    behind_gradients = False

    def __init_subclass__(cls, *, group: str = "") -> None:
        super().__init_subclass__()
        if group:
            cls.group = group

    def __post_init__(self) -> None:
        hints = hints_of(self)
        for entry in fields(self):
            if "unchecked" in entry.metadata:
                continue
            value = _typed(entry.name, getattr(self, entry.name), hints[entry.name])
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, float) and not isfinite(item) and value != entry.default:
                    raise ValueError(f"{entry.name} must be finite, got {item}")
                _check_allowed(entry.name, item, entry.metadata)
            object.__setattr__(self, entry.name, value)


def hints_of(part: object) -> dict[str, Any]:
    """The type of every field of a part, or of a class of them; working them out takes 0.1 ms, and a study asks per
    trial.
    """
    kind: Any = part if isinstance(part, type) else type(part)
    return _hints(kind)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


@cache
def is_coefficient(hint: Any) -> bool:
    """Whether a field of this type may differ inside a cohort: floats and tuples of floats may."""
    return hint in COEFFICIENTS or (get_origin(hint) is tuple and all(kind is float for kind in get_args(hint)))


def _typed(name: str, value: Any, hint: Any) -> Any:
    if hint in LISTS:
        if isinstance(value, list | tuple) and (value or hint == str | tuple[str, ...]):
            return tuple(_typed(name, item, LISTS[hint]) for item in value)
        if not isinstance(value, MAY_BE_ALONE.get(hint, ())):
            raise ValueError(f"{name} must be {TYPE_WORDS[hint]}, got {value!r}")
        hint = LISTS[hint]
    if get_origin(hint) is tuple:
        kinds = get_args(hint)
        if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != len(kinds):
            wanted = f"a list of {len(kinds)} numbers (a list cannot vary in a study)"
            raise ValueError(f"{name} must be {wanted}, got {value!r}")
        return tuple(_typed(name, item, kind) for item, kind in zip(value, kinds, strict=True))
    if hint in COEFFICIENTS and isinstance(value, int | float) and not isinstance(value, bool):
        return _as_float(value)
    if value is None and type(None) in get_args(hint):
        return None
    if hint is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if type(value) is not hint:
        raise ValueError(f"{name} must be {TYPE_WORDS.get(hint, str(hint))}, got {value!r}")
    return value


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of more than 308 digits
        return inf


def _check_allowed(name: str, item: Any, allowed: Mapping[str, Any]) -> None:
    for rule, limit in allowed.items():
        if rule == "words" and item not in limit:
            near = nearest(item, limit)
            raise ValueError(f"{name} must be one of {', '.join(limit)}, got {item!r}{near and '.' + near}")
        if rule in HOLDS and item is not None and not HOLDS[rule](item, limit):
            raise ValueError(f"{name} must be {rule.replace('_', ' ')} {limit}, got {item}")
