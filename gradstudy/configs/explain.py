"""Hydra's exceptions in words that a person can act on."""

import re
from collections.abc import Callable
from typing import TypeVar

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from gradstudy.configs.aliases import option_meant
from gradstudy.configs.elsewhere import right_way
from gradstudy.configs.overrides import forced, with_option
from gradstudy.configs.shipped_keys import keys_inside, options_with
from gradstudy.configs.slips import sweep_words, unread_words
from gradstudy.configs.studies import StudySource
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
        group, _, option = (error.missing_cfg_file or "").rpartition("/")
        way = right_way(f"{group}={option}", option) or nearest(option, error.options)
        return f"There is no {group} '{option}'. Options: {', '.join(error.options)}.{way}"
    if isinstance(error, OverrideParseException):
        return unread_words(error.override, StudySource.names())
    return _words_of_composing(_first_line(error), str(error), base)


def _words_of_composing(text: str, whole: str, base: DictConfig | None) -> str:
    """What Hydra says in its first line of text, and what a person can do about it."""
    if several := re.search(r"(?:Sweep parameters|Ambiguous value for argument) '(.*)'", text, re.DOTALL):
        return sweep_words(several[1])
    if twice := re.search(r"Multiple values for (\S+)\.", text):
        return f"{twice[1]} is chosen twice, and a launch has one. Take one away, or add -m to {twice[1]}=A,B."
    if unknown := re.search(
        r"(?:Could not override|Could not delete from config\.|Key|Could not delete) '([^'=]+)", text
    ):
        given = re.search(r"use \+\S+?=(.*)", whole, re.DOTALL)
        return unknown_key(unknown[1], base, given[1] if given else "VALUE")
    if unset := re.search(r"Environment variable '([^']+)' not found", text):
        missing = f"The environment must have the variable {unset[1]}, which this launch names, and has not."
        hidden = "with what the launch is not to tell, such as a password in an address"
        return f"{missing} Set it first: export {unset[1]}='...', {hidden}."
    if "record" in text and ("merg" in text or "record=" in text):
        return f"{text}. record takes the name of a quantity or a list: record=jacobian, record=[jacobian,noise_scale]."
    return text


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


def unknown_key(name: str, base: DictConfig | None, value: str = "VALUE") -> str:
    """What is wrong with a key that the configuration does not have, and was given this value."""
    owners = options_with(name)
    if owners:
        way_on = "Choose one that has it."
        if name.partition(".")[0] in STUDIED:
            way_on = f"A study that chooses one of them has it, or varies it with +space.{name}='choice(...)'."
        owned = f"it belongs to {', '.join(owners)}. {way_on}"
        return f"There is no key '{name}' under the options that were chosen: {owned}"
    known = [*map(str, base), *keys_inside()] if base is not None else []
    if name in known:
        return f"'{name}' is part of every configuration and cannot be removed; give it another value."
    if name == "study":
        return "A study is chosen with its plus: +study=NAME."
    way = right_way(name, value) or _written_out(name, known, value) or nearest(name, known)
    return f"There is no key '{name}' in the configuration.{way or ' See python -m gradstudy --cfg job.'}"


def _written_out(name: str, known: list[str], value: str) -> str:
    """The key of a group that was typed without its group, if one alone has it: `depth` is model.depth."""
    homes = [key for key in known if key.partition(".")[2] == name]
    return f" Write {homes[0]}={value}." if len(homes) == 1 else ""


def _first_line(error: Exception) -> str:
    """The first line that says something: one that ends in a colon only announces the next."""
    lines = str(error).strip().splitlines()
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1]).rstrip(".")
