"""The shape of a study file: what a person naturally writes and Hydra would not merge is told with the right way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import chain, takewhile
from pathlib import Path
from typing import Any

from gradstudy.configs.elsewhere import right_way
from gradstudy.configs.grammar import is_closed
from gradstudy.configs.launch import MACHINERY, Launch
from gradstudy.configs.overrides import spelled
from gradstudy.errors import InputError
from gradstudy.parts import STUDIED

OPTION_GROUPS = (*STUDIED, *MACHINERY)
STUDY_KEYS = ("defaults", *STUDIED, *(field.name for field in fields(Launch)))
REQUIRED = {
    "defaults": (list, "be a list, such as [override /model: rnn]"),
    "space": (dict, "map factors to levels or a range, such as activation: choice(tanh, relu)"),
    "budget": (dict, "map trials, seeds and steps to numbers"),
}
"""What a study file must hold under these keys: Hydra would only say that it cannot merge a list."""


def check_shape(path: Path, content: object) -> None:
    """InputError where the content of a study file is not laid out as a study; it says what to write instead."""
    if not isinstance(content, dict):
        holds = f"keys such as question, space and budget, but holds {type(content).__name__}"
        raise InputError(f"{path} must hold {holds}.")
    for slip in chain(_slips(content), _reaching_out(path.stem, content)):
        raise InputError(f"{path}: {slip}")


def _slips(content: Mapping[str, Any]) -> Iterator[str]:
    for key, value in content.items():
        kind, must = REQUIRED.get(key, (object, ""))
        group, _, inside = key.partition(".")
        if not isinstance(value, kind):
            yield f"{key} must {must}, got {value!r}."
        elif inside:
            yield f"'{key}' does not name a key inside {group}. Write {group}: {{{inside}: {spelled(value)}}}."
        elif key in OPTION_GROUPS and not isinstance(value, dict):
            yield _group_given_a_value(key, value)
        elif key not in STUDY_KEYS and (way := right_way(key, spelled(value), written=_in_file)):
            yield f"there is no key '{key}'.{way}"
    for entry in content.get("defaults", ()):
        yield from _slips_of_default(entry)
    yield from _slips_of_space(content)


def _group_given_a_value(group: str, value: object) -> str:
    """A group holds keys, and its option is chosen in the defaults."""
    number = right_way(f"{group}=#", spelled(value), written=_in_file) if isinstance(value, int | float) else ""
    way = number or f" Write {_in_file([f'{group}={spelled(value)}'])}."
    return f"{group} is a group, whose option is chosen in defaults, got {group}: {spelled(value)}.{way}"


def _slips_of_default(entry: object) -> Iterator[str]:
    """An entry that chooses an option by anything but `override /group: option`."""
    if isinstance(entry, str):
        group, _, option = entry.partition("=")
    elif isinstance(entry, dict) and len(entry) == 1:
        ((group, option),) = entry.items()
    else:
        return
    name = group.removeprefix("override ").strip().strip("/")
    if name in OPTION_GROUPS and option and group != f"override /{name}":
        yield f"defaults hold '{group}: {option}'. Write override /{name}: {option}."


def _slips_of_space(content: Mapping[str, Any]) -> Iterator[str]:
    entries = list(content.get("space", {}).items())
    for place, (name, levels) in enumerate(entries, 1):
        group, _, key = name.partition(".")
        if isinstance(levels, str) and not is_closed(levels):
            behind = [other for other, value in entries[place:] if value is None]  # what a comma cut off
            whole = ", ".join([levels, *takewhile(lambda part: "(" not in part, behind)])
            yield f"inside of {{ }} a comma ends an entry, as in {name}: {levels}. Write {name}: '{whole}', in quotes."
        if isinstance(levels, dict):
            nested = ", ".join(f"{name}.{inside}: {spelled(value)}" for inside, value in levels.items())
            yield f"a factor of space has its whole name. Write space: {{{nested}}}."
        fixed = content.get(group)
        if key and isinstance(fixed, dict) and key in fixed:
            places = (
                f"varied (space: {{{name}: {spelled(levels)}}}) and fixed ({group}: {{{key}: {spelled(fixed[key])}}})"
            )
            yield f"'{name}' is both {places}: take one of the two away."


def _reaching_out(study: str, content: Mapping[str, Any]) -> Iterator[str]:
    """Defaults choose options of the groups that there are, nothing of Hydra's own; and a report stays here."""
    for entry in content.get("defaults", ()):
        key, option = next(iter(entry.items())) if isinstance(entry, dict) and len(entry) == 1 else (entry, None)
        if not isinstance(key, str) or not (option is False or isinstance(option, str | None)):  # false: off
            yield f"defaults must choose options, such as [override /model: rnn], got {entry!r}."
            return
        group = key.removeprefix("optional ").removeprefix("override ").strip()
        if "@" in group or group.strip("/").partition("/")[0] == "hydra" or group == f"/study/{study}":
            yield f"defaults may choose neither what is Hydra's nor the study itself, got {entry!r}."
    report = content.get("report")
    place = Path(report) if isinstance(report, str) else Path("/")
    if report is not None and (place.is_absolute() or ".." in place.parts):
        yield f"report must be a file of the working folder, got {report!r}; give it with the command."


def _in_file(overrides: Sequence[str]) -> str:
    """Overrides as they stand in a study file: options in its defaults, values under their group."""
    given = dict(override.split("=", 1) for override in overrides)
    chosen = [f"override /{name}: {option}" for name, option in given.items() if name in OPTION_GROUPS]
    inside: dict[str, list[str]] = {}
    for name, value in given.items():
        group, _, key = name.partition(".")
        if name not in OPTION_GROUPS:
            inside.setdefault(group, []).append(f"{key}: {value}" if key else value)
    parts = [
        f"{group}: {{{', '.join(keys)}}}" if ": " in keys[0] else f"{group}: {keys[0]}"
        for group, keys in inside.items()
    ]
    return " and ".join([*([f"defaults: [{', '.join(chosen)}]"] if chosen else []), *parts])
