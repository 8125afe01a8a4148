"""Hydra's exceptions in words that a person can act on."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError, safe_load

from gradstudy.configs.launch import plain
from gradstudy.configs.overrides import forced
from gradstudy.configs.sources import shipped
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
        return f"There is no {group} '{option}'. Options: {', '.join(error.options)}.{nearest(option, error.options)}"
    if isinstance(error, OverrideParseException):
        why = _first_line(error)
        return f"The override '{error.override}' does not parse: {why}. Write key=value, and quote ( ) for the shell."
    text = _first_line(error)
    if unset := re.search(r"Environment variable '([^']+)' not found", text):
        text = (
            f"The environment must have the variable {unset[1]}, which this launch names, and has not. Set it first: "
        )
        return f"{text}export {unset[1]}='...', with what the launch is not to tell, such as a password in an address."
    unknown = re.search(r"(?:Could not override|Could not delete from config\.|Key) '([^']+)'", text)
    if unknown:
        return unknown_key(unknown[1], base)
    return f"{text}{_advice(text)}"


def _advice(text: str) -> str:
    if "record" in text and ("merg" in text or "record=" in text):
        return ". record takes the name of a quantity or a list: record=jacobian, record=[jacobian,noise_scale]."
    if "requires --multirun" in text or text.startswith("Ambiguous value"):
        return ". To make it a factor of the study write it as space.KEY='...'; to launch once per value add -m."
    return ""


def forcing(overrides: list[str], composed: Callable[[list[str]], Whole]) -> Whole:
    """What is composed of these overrides, a coefficient that the chosen option does not have being added by force.

    Another level of its group may have it: whether one has is seen later, where it is known what is varied.
    """
    try:
        return composed(overrides)
    except HydraException as error:
        missing = re.search(r"Could not override '([^']+)'", str(error))
        again = forced(overrides, {missing[1]}) if missing and missing[1].partition(".")[0] in STUDIED else overrides
        if again == overrides:
            raise
    return forcing(again, composed)


def unknown_key(name: str, base: DictConfig | None) -> str:
    """What is wrong with a key that the configuration does not have."""
    owners = options_with(name)
    if owners:
        way_on = "Choose one that has it."
        if name.partition(".")[0] in STUDIED:
            way_on = f"A study that chooses one of them has it, or varies it with +space.{name}='choice(...)'."
        owned = f"it belongs to {', '.join(owners)}. {way_on}"
        return f"There is no key '{name}' under the options that were chosen: {owned}"
    known = _all_keys(base) if base is not None else []
    if name in known:
        return f"'{name}' is part of every configuration and cannot be removed; give it another value."
    hint = " A study is chosen with +study=NAME." if name == "study" else nearest(name, known)
    return f"There is no key '{name}' in the configuration.{hint} See python -m gradstudy --cfg job."


def options_with(name: str) -> list[str]:
    """The shipped options that have a key of this dotted name, as overrides such as clipping=norm."""
    group, _, key = name.partition(".")
    files = sorted((shipped("conf") / group).glob("*.yaml")) if key else []
    return [f"{group}={path.stem}" for path in files if key in _keys(path)]


def _keys(path: Path) -> set[str]:
    """The keys of an option's file, and of the options of its own group that it begins with."""
    config = safe_load(path.read_text(encoding="utf-8"))
    bases = (path.with_name(f"{base}.yaml") for base in config.get("defaults", []) if isinstance(base, str))
    return set(config).union(*(_keys(base) for base in bases if base.exists()))


def _all_keys(config: DictConfig) -> list[str]:
    """Of the configuration, and of every shipped option."""
    whole = plain(config)
    inside = {f"{group}.{key}" for group, part in whole.items() if isinstance(part, dict) for key in part}
    options = {f"{path.parent.name}.{key}" for path in shipped("conf").glob("*/*.yaml") for key in _keys(path)}
    return [*whole, *(name for name in sorted(inside | options) if not name.partition(".")[2].startswith("_"))]


def _first_line(error: Exception) -> str:
    """The first line that says something: one that ends in a colon only announces the next."""
    lines = str(error).strip().splitlines()
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1]).rstrip(".")
