"""Overrides that hold a secret refer to it: they name a variable of the environment in its place."""

import os
import re
from collections.abc import Iterator, Sequence

from gradstudy.masking import holds_secret, masked, remember

_OVERRIDE = re.compile(r"(?P<sign>\+{0,2})(?P<key>[A-Za-z_][\w./@-]*)=(?P<value>.+)", re.DOTALL)
_LEAF = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\s,{}\[\]:"'](?:[^\s,{}\[\]]*[^\s,{}\[\]:])?""")


def referring(words: Sequence[str]) -> list[str]:
    """The words of a launch as they may be shown and stored: they do the same where the variables they name are set.

    What holds a secret and is no override has *** in its place.
    """
    return [_rewritten(word)[0] for word in words]


def keep_secrets(words: Sequence[str]) -> list[str]:
    """The same words, whose secrets the environment of this process keeps from now on, under the names they say.

    Nothing behind the door needs to care about secrets then: whatever shows, stores or complains about what was asked
    for has names only, which Hydra resolves where the value is used.
    """
    kept = []
    for word in words:
        remember(word)
        rewritten, values = _rewritten(word)
        os.environ.update(values)
        kept.append(rewritten)
    return kept


def variable_of(value: str) -> str:
    """The variable of the environment that holds this value; GRADSTUDY_TRACKING_URI where none does yet."""
    return next((name for name, held in sorted(os.environ.items()) if held == value), next(_names("tracking.uri")))


def _rewritten(word: str) -> tuple[str, dict[str, str]]:
    """A word that refers to its secrets, and the variables that it names with their values."""
    override = _OVERRIDE.fullmatch(word)
    if not holds_secret(word):
        return word, {}
    if override is None:
        return masked(word), {}
    key, value = override["key"], override["value"]
    names, values = _names(key), {}

    def referred(found: re.Match[str]) -> str:
        if not holds_secret(f"{key}={found[0]}"):
            return found[0]
        values[name := next(names)] = _unquoted(found[0])
        return f"${{oc.env:{name}}}"

    several = value[0] in "{["
    rewritten = (_LEAF if several else re.compile(".+", re.DOTALL)).sub(referred, value)
    return f"{override['sign']}{key}={rewritten}", values


def _names(key: str) -> Iterator[str]:
    """What the variables of this key are called: GRADSTUDY_TRACKING_URI of tracking.uri."""
    name = f"GRADSTUDY_{re.sub(r'[^A-Za-z0-9]+', '_', key).upper()}"
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def _unquoted(value: str) -> str:
    quoted = re.fullmatch(r"""(["'])(.*)\1""", value, re.DOTALL)
    return re.sub(r"\\(.)", r"\1", quoted[2]) if quoted else value
