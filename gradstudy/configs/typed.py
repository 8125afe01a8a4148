"""What is typed, as Hydra takes it: text is quoted where its grammar would not read it, and slips are told in words."""

import os
import re
from argparse import ArgumentError
from collections.abc import Iterable, Sequence

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from gradstudy.configs.aliases import option_meant
from gradstudy.configs.elsewhere import right_way
from gradstudy.configs.grammar import FUNCTIONS
from gradstudy.configs.launch import MODES
from gradstudy.configs.overrides import in_quotes, quote_space
from gradstudy.configs.sources import shipped_options
from gradstudy.configs.study_file import OPTION_GROUPS, STUDY_KEYS
from gradstudy.errors import InputError

_OVERRIDE = re.compile(r"(?P<key>(?P<sign>\+\+|\+|~)?(?P<name>[A-Za-z_][\w./@-]*))=(?P<value>.*)", re.DOTALL)
_PLAIN = re.compile(r"[\w.+-]*", re.ASCII)
_GRAMMAR = re.compile(rf"\s*(['\"\[{{]|({'|'.join(FUNCTIONS)})\s*[(\[])")
"""How a value begins that is the grammar's own: quoted text, a list, a mapping or a sweep."""
_NUMBER = re.compile(r"[+-]?(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d+)?")
_TYPOGRAPHIC = re.compile(r"(?<==)(?:[‘’‚](?P<single>.*)[‘’]|[“”„](?P<double>.*)[“”])", re.DOTALL)
"""Quotes that a text program made of a value's own: ‘choice(tanh, relu)’."""


def understood(words: Iterable[str]) -> list[str]:
    """The words of a command line, or the overrides of a call, so that Hydra reads in them what a person means.

    Args:
        words: Overrides, and flags among them, which pass.

    Returns:
        One word for each: entries of the space as `quote_space` writes them, text in quotes that Hydra's grammar does
        not read without (`task.target=Größe`, `task.path=~/my data.csv`), and `none` for a group that is null or off.

    Raises:
        InputError: A key of another library, a number for a group, a comma at the end; it says what to type.
    """
    plain = (_TYPOGRAPHIC.sub(lambda q: in_quotes(q["single"] or q["double"] or ""), word) for word in words)
    return [_digestible(word) for word in quote_space(plain)]


def check_flags(arguments: Sequence[str]) -> None:
    """InputError for a flag that Hydra does not have: most that is typed so is an override."""
    parser = get_args_parser()
    parser.exit_on_error = False
    try:
        _, unknown = parser.parse_known_args(list(arguments))
    except ArgumentError as error:
        raise InputError(f"A flag is given in a wrong way: {error}. See python -m gradstudy --help.") from error
    if not unknown:
        return
    flag, equals, value = unknown[0].partition("=")
    behind = arguments[arguments.index(unknown[0]) + 1 :]
    name, value = flag.lstrip("-"), value if equals else (behind[0] if behind else "VALUE")
    if not flag.startswith("-"):
        raise InputError(f"Flags stand before or behind all overrides, got '{unknown[0]}' behind a flag.")
    raise InputError(f"There is no flag {flag}.{_without_dashes(name, value)}")


def _without_dashes(name: str, value: str) -> str:
    if name == "study":
        return f" Write +study={value}."
    if name in MODES:
        return f" Write mode={name}."
    of_group = right_way(f"{name}=#", value) if name in OPTION_GROUPS and _NUMBER.fullmatch(value) else ""
    if name.partition(".")[0] in STUDY_KEYS:
        return of_group or f" Write {name}={value}."
    return right_way(name, value) or " Settings are written without dashes, as activation=relu."


def _digestible(word: str) -> str:
    override = _OVERRIDE.fullmatch(word)
    if not override:
        return word
    name, value = override["name"], override["value"]
    known = name.partition(".")[0] in (*STUDY_KEYS, "study") or name.startswith("hydra")
    if not known and not override["sign"] and (way := right_way(name, value)):
        raise InputError(f"There is no key '{name}'.{way}")
    if value.endswith(","):
        raise InputError(f"There is a comma at the end of '{word}'. Write {override['key']}={value.rstrip(', ')}.")
    if name in OPTION_GROUPS:
        value = _option(name, value)
    if name == "report" and value.startswith("~"):  # a shell does so behind a blank alone; a study's file may not
        value = os.path.expanduser(value)
    if not (_PLAIN.fullmatch(value) or _GRAMMAR.match(value) or _is_read(f"{name}={value}")):
        value = in_quotes(value)
    return f"{override['key']}={value}"


def _option(group: str, value: str) -> str:
    """What is given to a group, `none` for null and false; InputError for what cannot be the name of an option."""
    is_number, word, options = _NUMBER.fullmatch(value), value.lower(), shipped_options(group)
    option = option_meant(group, word, options) if word in ("null", "false") else None
    if is_number or word == "true" or (word in ("null", "false") and not option):
        way = right_way(f"{group}={'#' if is_number else word}", value) or f" There are {', '.join(options)}."
        raise InputError(f"{group} takes one of its options, got {value}.{way}")
    return option or value


def _is_read(override: str) -> bool:
    try:
        OverridesParser.create().parse_override(override)
    except HydraException:
        return False
    return True
