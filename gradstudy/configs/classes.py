"""Which class a `_target_` may name: a part of its group, from gradstudy or a package that the command line allows.

A configuration is data, and may come from anybody. So a name is judged before anything is imported for it, and what it
leads to before that is called.
"""

import pkgutil
import re
from collections.abc import Collection
from functools import cache

from gradstudy.configs.sources import shipped
from gradstudy.errors import InputError, nearest
from gradstudy.parts import Part

OWN = "gradstudy"


def part_class(group: str, target: object, allow: Collection[str] = ()) -> type[Part]:
    """The class of a part of this group. InputError for any other, and for what `allow` does not name.

    Of gradstudy's own classes those are parts of a group that its options in conf/ name.
    """
    name = _name(group, target)
    if name.startswith(f"{OWN}."):
        known = _own(group)
        if name not in known:
            raise InputError(f"{group}: no option of {group} is made of '{name}'.{nearest(name, known)}")
        found = _found_own(group, name)
    else:
        found = _allowed(group, name, allow)
    if not (isinstance(found, type) and issubclass(found, Part) and found.group == group):
        raise InputError(
            f"{group}: '{name}' is no part of the group {group}. A part is a class that says so: "
            f'class {name.rpartition(".")[2]}(Part, group="{group}"), with Part from gradstudy.parts.'
        )
    return found


def held_class(place: str, target: object, allow: Collection[str]) -> type:
    """The class of an object that a part holds, from a package that `allow` names. InputError for anything else."""
    name = _name(place, target)
    found = _allowed(place, name, allow)
    own = isinstance(found, type) and f"{found.__module__}.".startswith(f"{OWN}.")
    if not isinstance(found, type) or (own and not issubclass(found, Part)):
        raise InputError(f"{place}: '{name}' is no class to be held by a part, and nothing else is made here.")
    return found


def _name(place: str, target: object) -> str:
    if not isinstance(target, str) or not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", target) or len(target) > 200:
        wanted = "the whole name of a class, such as gradstudy.factors.activation.Relu"
        raise InputError(f"{place}._target_ must be {wanted}, got {_shortened(repr(target))}.")
    return target


def _allowed(place: str, name: str, allow: Collection[str]) -> object:
    """What lies under this name, which has to live in an allowed package itself: its module may have imported it."""
    _check_allowed(place, name, name, allow)
    found = _found(place, name)
    _check_allowed(place, name, getattr(found, "__module__", None) or "", allow)
    return found


def _check_allowed(place: str, name: str, lives: str, allow: Collection[str]) -> None:
    if any(lives == package or lives.startswith(f"{package}.") for package in (OWN, *allow)):
        return
    package = lives.partition(".")[0] or "nothing"
    allowed = f"only gradstudy{''.join(f', {one}' for one in allow)}"
    raise InputError(
        f"{place}: '{name}' is of the package {package}, and {allowed} may be used. If you trust it, name it "
        f"on the command line: allow=[{','.join([*allow, package])}]."
    )


@cache
def _found_own(group: str, name: str) -> object:
    """One of gradstudy's own; it is looked for by each part of each trial, which takes 0.1 ms."""
    return _found(group, name)


def _found(place: str, name: str) -> object:
    try:
        return pkgutil.resolve_name(name)
    except Exception as error:  # whatever a module that is imported for the first time raises
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(f"{place}: nothing to import at '{name}': {said[-1]}.") from error


@cache
def _own(group: str) -> frozenset[str]:
    """The classes that the options of a group name; the text alone is read, since YAML takes its time."""
    texts = (path.read_text("utf-8") for path in (shipped("conf") / group).glob("*.yaml"))
    return frozenset(name for text in texts for name in re.findall(r"^_target_: ([\w.]+)", text, re.MULTILINE))


def _shortened(text: str) -> str:
    return text if len(text) < 80 else f"{text[:76]}..."
