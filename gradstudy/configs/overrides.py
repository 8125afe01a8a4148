"""Overrides as typed: space entries are made digestible for Hydra, and keys are read out of them."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser

_SPACE_ENTRY = re.compile(r"(?P<sign>\+\+|\+|~)?space\.(?P<name>[^=]+)(=(?P<value>.*))?", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")


def quote_space(overrides: Iterable[str]) -> list[str]:
    """Rewrites `space.init.gain=interval(0.5,2)` as `++space={init.gain: "interval(0.5,2)"}`, and deletions as null.

    Hydra would read the dot in the entry's name as nesting, and the value as a sweep over launches.
    """
    return [_quote_entry(override) for override in overrides]


def keys(overrides: Sequence[str]) -> list[str]:
    """What each override sets: `lr.value` of `lr.value=0.1`."""
    return [parsed.key_or_group for parsed in OverridesParser.create().parse_overrides(list(overrides))]


def as_override(name: str, level: Any) -> str:
    """One level, or any plain value, as a Hydra override; numbers keep every digit."""
    if level is None:
        return f"{name}=null"
    if isinstance(level, bool):
        return f"{name}={str(level).lower()}"
    if isinstance(level, str) and not _PLAIN.fullmatch(level):
        return f"{name}={_quoted(level)}"
    return f"{name}={level}" if isinstance(level, str) else f"{name}={level!r}"


def _quote_entry(override: str) -> str:
    entry = _SPACE_ENTRY.fullmatch(override)
    if not entry:
        return override
    if entry["sign"] == "~":
        return f"++space={{{entry['name']}: null}}"
    value = entry["value"] or ""
    quoted = value if re.fullmatch(r"'.*'|\".*\"", value, re.DOTALL) else _quoted(value)
    return f"++space={{{entry['name']}: {quoted}}}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
