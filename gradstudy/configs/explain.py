"""Hydra's exceptions in words that a person can act on."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from gradstudy.configs.aliases import option_meant
from gradstudy.configs.elsewhere import VALUE, right_way
from gradstudy.configs.overrides import forced, with_option
from gradstudy.configs.shipped_keys import keys_inside, options_with
from gradstudy.configs.slips import sweep_words, unread_words
from gradstudy.configs.sources import shipped_options
from gradstudy.configs.studies import StudySource
from gradstudy.configs.study_file import OPTION_GROUPS
from gradstudy.errors import nearest
from gradstudy.parts import STUDIED

Whole = TypeVar("Whole")
CONFIG_ERRORS = (HydraException, MissingConfigException, OmegaConfBaseException, YAMLError)
COMPOSING_FAILED = (ValueError, TypeError, AttributeError, IndexError, KeyError, RecursionError)
"""What Hydra and OmegaConf raise of their own for what makes no sense: device=null, a key inside of a list
(record.jacobian=true), options that choose each other, brackets without end."""


def explain(error: Exception, base: DictConfig | None) -> str:
    """One message for any error of composing; `base` is the configuration without overrides: its keys are known."""
    if isinstance(error, MissingConfigException) and error.options:
        return _no_option(error)
    if isinstance(error, OverrideParseException):
        return unread_words(error.override, StudySource.names())
    text = _first_line(error)
    for pattern, words in KNOWN.items():
        if found := re.search(pattern, text, re.DOTALL):
            return words(found)
    if unknown := re.search(r"(?:Could not (?:override|delete from config\.|delete)|Key) '([^'=]+)", text):
        given = re.search(r"use \+\S+?=(.*)", str(error), re.DOTALL)
        return unknown_key(unknown[1], base, given[1] if given else VALUE)
    return text


def _no_option(error: MissingConfigException) -> str:
    group, _, option = (error.missing_cfg_file or "").rpartition("/")
    options = list(error.options or ())
    way = right_way(f"{group}={option}", option) or nearest(option, options)
    if group.startswith("study") and (study := option.removesuffix(".yaml")) in options:
        group, way = "study", f" Write +study={study}."
    return f"There is no {group} '{option}'. Options: {', '.join(options)}.{way}"


def _no_default(study: str, name: str) -> str:
    """What to say of a default that names an option alone, or a group."""
    groups = [group for group in OPTION_GROUPS if name in shipped_options(group)]
    group, option = (name, "OPTION") if name in OPTION_GROUPS else (groups[0] if groups else "GROUP", name)
    return f"The defaults of study {study} hold '{name}'. Write override /{group}: {option}."


RECORD = "record takes the name of a quantity or a list: record=jacobian, record=[jacobian,noise_scale]."
KNOWN: Mapping[str, Callable[[re.Match[str]], str]] = {
    r"(?:Sweep parameters|Ambiguous value for argument) '(\+*record=.*)'": lambda found: (
        f"'{found[1]}' gives several values. {RECORD}"
    ),
    r"(?:Sweep parameters|Ambiguous value for argument) '(.*)'": lambda found: sweep_words(found[1]),
    r"Multiple values for (\S+)\.": lambda found: (
        f"{found[1]} is chosen twice, and a launch has one. Take one away, or launch both: -m +{found[1]}=A,B."
    ),
    r"In 'study/(.*?)': Could not (?:load|find) 'study/([^']+)'": lambda found: _no_default(found[1], found[2]),
    r"Environment variable '([^']+)' not found": lambda found: (
        f"The environment must have the variable {found[1]}, which this launch names, and has not. Set it first: "
        f"export {found[1]}='...', with what the launch is not to tell, such as a password in an address."
    ),
    r"(.*record.*merg.*|.*record=.*)": lambda found: f"{found[1]}. {RECORD}",
}
"""What Hydra says, and what a person can do about it."""


def forcing(overrides: list[str], composed: Callable[[list[str]], Whole]) -> Whole:
    """What is composed of these overrides, of which Hydra lacks two things that a person may mean.

    A coefficient that the chosen option does not have is added by force: another level of its group may have it, and
    whether one has is seen later, where it is known what is varied. An option by another name (activation=ReLU) is
    called as it is here.
    """
    try:
        return composed(overrides)
    except HydraException as error:
        again = _mended(overrides, error)
        if again == overrides:
            raise
    return forcing(again, composed)


def _mended(overrides: list[str], error: HydraException) -> list[str]:
    if isinstance(error, MissingConfigException) and error.options:
        group, _, name = (error.missing_cfg_file or "").rpartition("/")
        option = option_meant(group, name, error.options)
        return with_option(overrides, group, name, option) if option else overrides
    missing = re.search(r"Could not override '([^']+)'", str(error))
    return forced(overrides, {missing[1]}) if missing and missing[1].partition(".")[0] in STUDIED else overrides


def unknown_key(name: str, base: DictConfig | None, value: str = VALUE) -> str:
    """What is wrong with a key that the configuration does not have, and was given this value."""
    owners = options_with(name)
    if owners:
        way_on = f"Add one that has it: {owners[0]} {name}={value}"
        if name.partition(".")[0] in STUDIED:
            way_on += f", or vary it where it lives: +space.{name}='choice(...)'"
        owned = f"it belongs to {', '.join(owners)}. {way_on}."
        return f"There is no key '{name}' under the options that were chosen: {owned}"
    known = [*map(str, base), *keys_inside()] if base is not None else []
    if name in known:
        return f"'{name}' is part of every configuration and cannot be removed; give it another value."
    if name == "study":
        return "A study is chosen with its plus: +study=NAME."
    way = right_way(name, value) or _written_out(name, known, value) or nearest(name, known)
    return f"There is no key '{name}' in the configuration.{way or ' See python -m gradstudy --cfg job.'}"


def _written_out(name: str, known: list[str], value: str) -> str:
    """The key of a group that was typed without its group: `depth` is model.depth."""
    homes = [f"{key}={value}" for key in known if key.partition(".")[2] == name]
    return f" Write {' or '.join(homes)}." if homes else ""


def _first_line(error: Exception) -> str:
    """The first line that says something: one that ends in a colon only announces the next."""
    lines = str(error).strip().splitlines() or [f"What was given cannot be read ({type(error).__name__})"]
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1]).rstrip(".")
