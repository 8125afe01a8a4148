"""Making parts from their configuration: wrong keys and values, and parts that do not fit, are told in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate

from gradstudy.errors import InputError, nearest
from gradstudy.layer_parts import network_of
from gradstudy.quantities import check_request


def make_part(group: str, config: object) -> Any:
    """The part that `_target_` names, made from the other keys; InputError names the key or value that does not fit.

    A key may hold a `_target_` in its turn: what that makes is handed to a field that is `unchecked`.
    """
    if not isinstance(config, Mapping) or "_target_" not in config:
        raise InputError(f"{group} must be one of its options or hold a _target_ (the class to make), got {config!r}.")
    _check_keys(group, config)
    missing = [f"{group}.{key}=..." for key, value in config.items() if value == "???"]  # left to the user alone
    if missing:
        raise InputError(f"Only you can say what this option needs: add {' and '.join(missing)}.")
    try:
        return instantiate(dict(config), _convert_="all")
    except InstantiationException as error:
        cause = error.__cause__ or error
        if isinstance(cause, ValueError | InputError):
            end = "" if str(cause).endswith("?") else "."
            raise InputError(f"{group}.{cause}{end}") from error
        raise InputError(f"{group}: {_last_line(cause)}") from error


def check_fit(
    parts: Mapping[str, Any], choices: Iterable[str] = (), *, steps: int = 0, request: Sequence[str] = ()
) -> None:
    """InputError where no network can be made of these parts by group, or cannot give what is to be recorded.

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
    check_request(request, network, parts, steps=steps, choices=made)


def _check_keys(group: str, config: Mapping[str, Any]) -> None:
    try:
        known = [field.name for field in fields(get_object(config["_target_"]))]
    except TypeError:  # a person's own callable need not be a dataclass
        return
    except Exception as error:
        raise InputError(f"{group}: nothing to import at {config['_target_']!r}: {_last_line(error)}") from error
    for key in config:
        if key not in known and not key.startswith("_"):
            has = f"it has {', '.join(known)}" if known else "it has no keys"
            near = nearest(key, known) or f" Where a study sets it, remove it with ~{group}.{key}."
            raise InputError(f"There is no key {group}.{key}: {has}.{near}")


def _last_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
