"""Making parts from their configuration: wrong keys and values, and parts that do not fit, are told in words."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from gradstudy.configs.classes import held_class, part_class
from gradstudy.configs.elsewhere import right_way
from gradstudy.configs.number_slips import number_way
from gradstudy.configs.overrides import spelled
from gradstudy.errors import InputError, nearest
from gradstudy.layer_parts import network_of
from gradstudy.parts import Part, hints_of
from gradstudy.quantities import check_request
from gradstudy.training.footprint import MOST_PARAMETERS, Footprint, footprint, memory_here

Made = TypeVar("Made")
ALWAYS_THERE = 1e8
"""Bytes that every machine has, whose memory need not be looked up for each of thousands of trials."""
NUMBER_WANTED = re.compile(r"must be a (whole )?number\b")


def make_part(group: str, config: object, allow: Collection[str] = ()) -> Any:
    """The part that `_target_` names, made from the other keys; InputError names the key or value that does not fit.

    Only a class that is a part of this group is made, from gradstudy or a package in `allow`. A key may hold a
    `_target_` in its turn, where the field is `unchecked`: what that makes is handed to it.
    """
    if not isinstance(config, Mapping) or "_target_" not in config:
        raise InputError(f"{group} must be one of its options or hold a _target_ (the class to make), got {config!r}.")
    kind = part_class(group, config["_target_"], allow)
    given = {key: value for key, value in config.items() if key != "_target_"}
    check_keys(kind, group, given)
    missing = [f"{group}.{key}=..." for key, value in given.items() if value == "???"]  # left to the user alone
    if missing:
        raise InputError(f"Only you can say what this option needs: add {' and '.join(missing)}.")
    holders = {field.name for field in fields(kind) if "unchecked" in field.metadata}
    held = {key: _held(f"{group}.{key}", given[key], allow) for key in holders & given.keys()}
    return made(kind, group, {**given, **held})


def made(kind: type[Made], group: str, values: Mapping[str, Any]) -> Made:
    """What this class makes of these values; InputError says in words why it makes nothing."""
    try:
        return kind(**values)
    except (ValueError, InputError) as error:  # that begins with the key, as a part's own checks do
        end = "" if str(error).endswith("?") else "."
        key = str(error).partition(" ")[0]
        way = number_way(f"{group}.{key}", values.get(key)) if NUMBER_WANTED.search(str(error)) else ""
        raise InputError(f"{group}.{error}{end}{way}") from error
    except Exception as error:  # of a person's own class: whatever it raises
        raise InputError(f"{group}: {_last_line(error)}.") from error


def check_keys(kind: type[Part], group: str, given: Mapping[str, Any]) -> None:
    """InputError for a key that this class has no field for."""
    known = [field.name for field in fields(kind)]
    for key, value in given.items():
        if key not in known:
            has = f"it has {', '.join(known)}" if known else "it has no keys"
            way = right_way(f"{group}.{key}", spelled(value))
            near = way or nearest(key, known) or f" Where a study sets it, remove it with ~{group}.{key}."
            raise InputError(f"There is no key {group}.{key}: {has}.{near}")


def takes_whole_numbers(group: str, config: Mapping[str, Any], key: str, allow: Collection[str] = ()) -> bool:
    """Whether this key of a part holds a whole number, or a list of them."""
    hint = hints_of(part_class(group, config["_target_"], allow)).get(key)
    return hint in (int, int | tuple[int, ...])


def check_fit(
    parts: Mapping[str, Any], choices: Iterable[str] = (), *, steps: int = 0, request: Sequence[str] = ()
) -> Footprint:
    """How large the network of these parts by group is; InputError where none can be made, or it cannot be recorded.

    `choices` are the overrides that a study made, to be named beside the reason; `request` is what a record is to hold
    beside the standard quantities.
    """
    made = " ".join(choices)
    try:
        network = network_of(parts)
        parts["init"].check([p for p in network.parameters if p.role in ("hidden", "recurrent")])
        parts["regularization"].check(network)
        parts["pretraining"].check(network)
    except ValueError as error:
        raise InputError(f"These choices do not fit together{made and f' ({made})'}: {error}.") from error
    _check_size(size := footprint(network, parts), made)
    check_request(request, network, parts, steps=steps, choices=made)
    return size


def _check_size(size: Footprint, made: str) -> None:
    """InputError for a network that no study trains, or that this machine cannot hold."""
    network = f"A network of these choices{made and f' ({made})'}"
    if size.parameters > MOST_PARAMETERS:
        raise InputError(f"{network} has {size.parameters:,} parameters, and at most {MOST_PARAMETERS:,} are trained.")
    if size.memory > ALWAYS_THERE and size.memory > (here := memory_here()):
        raise InputError(
            f"{network} takes up to {size.memory / 1e9:,.1f} GB, and this machine has {here / 1e9:,.1f} GB. "
            "Lower model.width, model.depth, task.batch_size or, of a sequence, task.length."
        )


def _held(place: str, value: Any, allow: Collection[str]) -> Any:
    """A value of plain data, with an object in the place of everything inside it that has a `_target_`."""
    if isinstance(value, list):
        return [_held(place, item, allow) for item in value]
    if not isinstance(value, Mapping):
        return value
    inside = {key: _held(place, item, allow) for key, item in value.items() if key != "_target_"}
    if "_target_" not in value:
        return inside
    for key in inside:
        if str(key).startswith("_"):
            raise InputError(f"{place}: beside _target_ stand the arguments by their names, got '{key}'.")
    try:
        return held_class(place, value["_target_"], allow)(**inside)
    except InputError:
        raise
    except Exception as error:  # whatever a foreign class raises
        raise InputError(f"{place}: {_last_line(error)}.") from error


def _last_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[-1].rstrip(".") if str(error).strip() else type(error).__name__
