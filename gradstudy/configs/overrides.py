"""Overrides: space entries are made digestible for Hydra, levels are written, a trial's are changed."""

import re
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser

from gradstudy.errors import InputError
from gradstudy.parts import STUDIED
from gradstudy.records import Level, Trial

_SPACE_ENTRY = re.compile(r"(?P<sign>\+\+|\+|~)?space\.(?P<name>[^=]+)(=(?P<value>.*))?", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")


def quote_space(overrides: Iterable[str]) -> list[str]:
    """Rewrites `space.init.gain=interval(0.5,2)` as `++space={init.gain: "interval(0.5,2)"}`, and deletions as null.

    Hydra would read the dot in the entry's name as nesting, and the value as a sweep over launches.
    """

    def digestible(entry: re.Match[str]) -> str:
        value = entry["value"] or ""
        text = value if re.fullmatch(r"'.*'|\".*\"", value, re.DOTALL) else in_quotes(value)
        return f"++space={{{entry['name']}: {'null' if entry['sign'] == '~' else text}}}"

    entries = ((override, _SPACE_ENTRY.fullmatch(override)) for override in overrides)
    return [digestible(entry) if entry else override for override, entry in entries]


def space_entries(override: str) -> list[str]:
    """The factors to which this override, as `quote_space` writes it, gives levels."""
    entry = re.fullmatch(r"\+\+space=\{(?P<name>[^:]+): (?P<text>.*)\}", override, re.DOTALL)
    return [entry["name"]] if entry and entry["text"] != "null" else []


def keys(overrides: Sequence[str]) -> list[str]:
    """What each override sets: `lr.value` of `lr.value=0.1`."""
    return [parsed.key_or_group for parsed in OverridesParser.create().parse_overrides(list(overrides))]


def as_override(name: str, level: Any) -> str:
    """One level, or any plain value, as a Hydra override; numbers keep every digit."""
    return f"{name}={spelled(level)}"


def forced(overrides: Iterable[str], names: Container[str]) -> list[str]:
    """The overrides, those that set one of these keys written so that Hydra adds a key that is not there (`++`)."""
    return [f"++{override}" if override.partition("=")[0] in names else override for override in overrides]


def renamed(override: str, names: Sequence[str]) -> list[str]:
    """The override under other names, a list being divided among several; InputError where it is no such list."""
    key, _, text = override.partition("=")
    value = OverridesParser.create().parse_override(override).value()
    values = value if len(names) > 1 else [value]
    if not isinstance(values, list) or len(values) != len(names):
        each = " ".join(f"{name}=..." for name in names)
        raise InputError(f"{key.lstrip('+')} is a list of {len(names)} numbers, got {text}. Write {each}.")
    sign = "+" * (len(key) - len(key.lstrip("+")))
    return [f"{sign}{as_override(name, one)}" for name, one in zip(names, values, strict=True)]


def with_option(overrides: Iterable[str], group: str, name: str, option: str) -> list[str]:
    """The overrides, those that choose what is called `name` for a group choosing this option of it."""
    chosen = re.compile(rf"(\+*{re.escape(group)}=)(['\"]?){re.escape(name)}\2")
    return [
        chosen.sub(rf"\g<1>{option}", override) if chosen.fullmatch(override) else override for override in overrides
    ]


def changed_trial(
    trial: Trial,
    levels: Mapping[str, Level],
    factors: Collection[str],
    overrides_with: Callable[[str, Level], Sequence[str]],
) -> Trial:
    """The stored `trial` with these `levels` in place of its own, in a study that varies these `factors`.

    What the launch fixed is taken from the overrides of the trial; inside a group whose option changes, from
    `overrides_with(group, option)`, those of any stored trial with the new option: what is to be fixed depends on it.
    """
    changed = {name: level for name, level in levels.items() if name in STUDIED and trial.levels.get(name) != level}
    fixed = [o for o in trial.overrides if _key(o) not in factors and _group(o) not in changed]
    for group, option in changed.items():
        fixed += [o for o in overrides_with(group, option) if _key(o) not in factors and _group(o) == group]
    return Trial(trial.number, levels, (*fixed, *(as_override(name, level) for name, level in levels.items())))


def spelled(value: Any) -> str:
    """Any plain value as it is written in an override, and in YAML."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return value if _PLAIN.fullmatch(value) else in_quotes(value)
        case dict():
            return "{" + ", ".join(f"{key}: {spelled(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(spelled, value)) + "]"
        case _:
            return repr(value)


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")


def _group(override: str) -> str:
    return _key(override).partition(".")[0]


def in_quotes(text: str) -> str:
    """The text in quotes, as Hydra reads it; a backslash means itself to Hydra but where a quote follows."""
    escaped = re.sub(r'(\\*)("|\Z)', lambda end: end[1] * 2 + end[2].replace('"', '\\"'), text)
    return f'"{escaped}"'
