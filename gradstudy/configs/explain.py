"""What Hydra's exceptions mean, in words a person can act on."""

import re
from collections.abc import Sequence

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from gradstudy.errors import nearest

CONFIG_ERRORS = (HydraException, MissingConfigException, OmegaConfBaseException, YAMLError)


def explain(error: Exception, base: DictConfig | None) -> str:
    """One message for any error of composing; `base` is the configuration without overrides: its keys are known."""
    if isinstance(error, MissingConfigException) and error.options:
        return _unknown_option(error)
    if isinstance(error, OverrideParseException):
        why = _first_line(error)
        return f"The override '{error.override}' does not parse: {why}. Write key=value, and quote ( ) for the shell."
    text = _first_line(error)
    unknown = re.search(r"(?:Could not override|Could not delete from config\.|Key) '([^']+)'", text)
    if unknown:
        known = [key for key in _all_keys(base) if key != unknown[1]] if base is not None else []
        hint = " A study is chosen with +study=NAME." if unknown[1] == "study" else nearest(unknown[1], known)
        return f"There is no key '{unknown[1]}' in the configuration.{hint} See python -m gradstudy --cfg job."
    if "requires --multirun" in text:
        return f"{text}. To make it a factor of the study write it as space.KEY='...'; to launch once per value add -m."
    return text


def _unknown_option(error: MissingConfigException) -> str:
    group, _, option = (error.missing_cfg_file or "").rpartition("/")
    options: Sequence[str] = error.options or []
    return f"There is no {group} '{option}'. Options: {', '.join(options)}.{nearest(option, options)}"


def _all_keys(config: DictConfig) -> list[str]:
    plain = OmegaConf.to_container(config)
    inside = [f"{group}.{key}" for group, part in plain.items() if isinstance(part, dict) for key in part]
    return [*plain, *inside]


def _first_line(error: Exception) -> str:
    """The first line that says something: one that ends in a colon only announces the next."""
    lines = str(error).strip().splitlines()
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1]).rstrip(".")
