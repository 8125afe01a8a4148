"""Whether a factor of a space fits what it varies: its levels the options of a group, its range the kind of a key."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gradstudy.configs.aliases import option_meant
from gradstudy.configs.elsewhere import RENAMED, right_way
from gradstudy.errors import InputError, nearest
from gradstudy.records import Factor


def by_option_names(group: str, options: Sequence[str]) -> Callable[[Any], Any]:
    """What calls a level as the option of this group that it means: relu for ReLU, none for off."""
    return lambda level: option_meant(group, level, options) or level


def check_levels(factor: Factor, text: object, options: Sequence[str]) -> None:
    """InputError where a factor, written as this text, varies a group by anything but its options."""
    if not options:
        return
    numbers = factor.is_number or all(isinstance(level, int | float) for level in factor.levels)
    way = right_way(f"{factor.name}=#", str(text), written=_in_space(str(text))) if numbers else ""
    if factor.is_number:
        wanted = f"a group takes options, such as choice({', '.join(options[:2])}), not a range."
        raise InputError(f"space.{factor.name}: {wanted}{way}")
    for level in factor.levels:
        if level not in options:
            known = f"Options: {', '.join(options)}.{way or nearest(str(level), options)}"
            raise InputError(f"space.{factor.name}: there is no option '{level}'. {known}")


def not_whole(factor: Factor, text: object) -> str:
    """What to say of a range of fractions, written as this text, over a key that takes whole numbers."""
    return f"space.{factor.name} takes whole numbers, got {text}. Write int({text})."


def no_such_factor(name: str, text: object, known: Iterable[str]) -> str:
    """What to say of an entry of the space, written as this text, whose key exists nowhere."""
    known = sorted(known)
    way = right_way(name, str(text), written=_in_space(str(text))) or nearest(name, known)
    if len(names := RENAMED.get(name, ())) > 1:
        way = f" Write {' and '.join(f'space.{one}' for one in names)}, each with levels or a range."
    keys = way or f" Keys there: {', '.join(known)}."
    return f"space.{name}: no group or key of that name exists under any choice of this study.{keys}"


def _in_space(levels: str) -> Callable[[Sequence[str]], str]:
    """How overrides are written where their value is what a factor's levels are."""

    def written(overrides: Sequence[str]) -> str:
        pairs = (override.split("=", 1) for override in overrides)
        return " ".join(f"space.{key}='{value}'" if value == levels else f"{key}={value}" for key, value in pairs)

    return written
