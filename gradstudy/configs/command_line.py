"""What a command line may ask of Hydra: nothing that runs code, or writes outside of the working folder."""

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from gradstudy.configs.yaml_file import UNPRINTABLE
from gradstudy.errors import InputError

HYDRA_KEYS = ("verbose", "mode", "searchpath", "sweeper.max_batch_size")
"""Of Hydra's own settings, those that a launch may change."""

LONGEST = 4000
"""Letters of a whole command: it is stored with the study, and MLflow takes tags of 5,000."""

RERUN = "--experimental-rerun"


def check_command_line(arguments: Sequence[str]) -> None:
    """InputError for arguments that no study could store, or that reach for what is Hydra's own."""
    for argument in arguments:
        for character in UNPRINTABLE.findall(argument):
            must = "be written in UTF-8" if "\ud800" <= character <= "\udfff" else "hold no control characters"
            raise InputError(f"A command must {must}, got {argument[:80]!a}.")
        for reason in _reasons(argument.strip()):
            raise InputError(f"{reason}, got '{argument[:80]}'.")
    check_length(shlex.join(arguments))


def check_length(command: str) -> None:
    """InputError for a command that could not be stored with what it made."""
    if len(command) > LONGEST:
        raise InputError(
            f"A command may have {LONGEST:,} letters, since it is stored with what it made, got {len(command):,}. "
            "What is longer belongs into the study's file."
        )


def _reasons(argument: str) -> Iterator[str]:
    """Why this argument, which Hydra would follow, is refused."""
    key, _, value = argument.partition("=")
    if len(key) > 2 and RERUN.startswith(key):
        yield f"{RERUN} reads a pickle, which could run anything: give the overrides again"
    if argument.startswith("-"):
        return
    key = key.lstrip("+~")
    if not key:
        yield "An override must be written as key=value, without blanks around ="
    if "@" in key:
        yield "The groups of a study stand where they are: an override names no package behind an @"
    own = re.match(r"hydra\b\.?(?P<name>.*)", key, re.DOTALL)
    if own and not any(own["name"] == known or own["name"].startswith(f"{known}.") for known in HYDRA_KEYS):
        yield f"Of Hydra's own settings a launch may change {', '.join(f'hydra.{one}' for one in HYDRA_KEYS)}"
    if own and own["name"] == "searchpath":
        folders = [one.strip(" '\"").removeprefix("file://") for one in value.strip("[] ").split(",")]
        if not all(Path(folder).is_dir() for folder in folders if folder):
            yield "hydra.searchpath may name folders that are there, as file:///home/me/conf, and no package"
